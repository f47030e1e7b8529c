import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileText, writeArtifact } from '../../e2e/policyd.ts';
import { findFreePort } from '../../docs/find-free-port.ts';
import type { Job, Report } from './job.ts';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** Ticks of `/proc/<pid>/stat` in a second. Source: proc_pid_stat(5), `sysconf(_SC_CLK_TCK)`, 100 on Linux. */
const TICKS = 100;

/** A server under test. */
export interface Served {
  readonly port: number;
  readonly pid: number;
}

/**
 * Processes of one measurement. Where `taskset` and two cores are there, the servers under test have one core for themselves and
 * backend and load share the others; only one server under test is busy at a time.
 */
export class Rig {
  /** Servers under test have a core that backend and load are kept from. */
  readonly pinned = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;
  readonly #children: ChildProcess[] = [];
  readonly #home = mkdtempSync(join(tmpdir(), 'policyd-bench-'));
  #driver: ChildProcess | null = null;

  async startBackend(): Promise<Served> {
    return this.#startPrinting([file('upstream.ts')], 'aside');
  }

  async startBareProxy(backend: Served): Promise<Served> {
    return this.#startPrinting([file('bare-proxy.ts'), `http://127.0.0.1:${backend.port}`], 'alone');
  }

  /** policyd with a policy, as an operator runs it: logs at info into a file. */
  async startPolicyd(policy: string, flags: readonly string[] = []): Promise<Served> {
    const home = mkdtempSync(join(this.#home, 'policyd-'));
    const artifact = join(home, 'generated');
    writeArtifact(artifact, await compileText(policy));
    const log = openSync(join(home, 'policyd.log'), 'a');
    const args = [...flags, file('../../../runtime/bin.js'), '--policy', artifact, '--data', join(home, 'data'), '--port', '0'];
    const child = this.#spawn(args, 'alone', ['ignore', log, 'pipe']);
    closeSync(log);
    const port = await waitFor(child, child.stderr!, /serving on http:\/\/\S+:(\d+)/);
    return { port, pid: child.pid! };
  }

  /** `@portkey-ai/gateway` as its package starts it, from the folder that it was installed into with `npm i --prefix`. */
  async startPortkey(folder: string): Promise<Served> {
    const port = await findFreePort();
    const script = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js');
    const child = this.#spawn([script, '--headless', `--port=${port}`], 'alone', ['ignore', 'pipe', 'inherit']);
    await waitFor(child, child.stdout!, /Ready for (connections)/);
    return { port: Number(port), pid: child.pid! };
  }

  /** @throws where a request was answered with anything but 200. */
  async load(job: Job): Promise<Report> {
    this.#driver ??= this.#spawn([file('driver.ts')], 'aside', ['ignore', 'inherit', 'inherit', 'ipc']);
    const answer = once(this.#driver, 'message');
    this.#driver.send(job);
    const [report] = (await answer) as [Report | { error: string }];
    if ('error' in report) throw new Error(report.error);
    return report;
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
        await ended;
        clearTimeout(force);
      }),
    );
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #startPrinting(args: readonly string[], place: 'alone' | 'aside'): Promise<Served> {
    const child = this.#spawn(args, place, ['ignore', 'pipe', 'inherit']);
    return { port: await waitFor(child, child.stdout!, /(\d+)\n/), pid: child.pid! };
  }

  #spawn(args: readonly string[], place: 'alone' | 'aside', stdio: ('ignore' | 'pipe' | 'inherit' | 'ipc' | number)[]): ChildProcess {
    const cores = place === 'alone' ? '1' : availableParallelism() > 2 ? `0,2-${availableParallelism() - 1}` : '0';
    const [program, ...rest] = this.pinned ? ['taskset', '-c', cores, process.execPath, ...args] : [process.execPath, ...args];
    const child = spawn(program, rest, { stdio });
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => process.off('exit', end));
    this.#children.push(child);
    return child;
  }
}

/** CPU that a process has used so far, all its threads, in ms; NaN where the system does not tell. */
export function readCpu(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS;
  } catch {
    return Number.NaN;
  }
}

async function waitFor(child: ChildProcess, stream: NodeJS.ReadableStream, sign: RegExp): Promise<number> {
  let text = '';
  return new Promise((resolve, reject) => {
    stream.on('data', (part: Buffer) => {
      text += part.toString();
      const found = sign.exec(text);
      if (found) resolve(Number(found[1]));
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it served: ${text}`)));
  });
}
