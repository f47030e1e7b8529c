import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readBoot, readStart } from '../../runtime/orchestrator/local/process-identity.ts';
import { locateRun } from '../../runtime/orchestrator/local/run-paths.ts';
import type { RunRequest } from '../../runtime/orchestrator/runner.ts';
import { awaitPhase, hasEnded, NEVER, readOutput, until, watchToEnd } from './runners/await.ts';
import { findProcesses, findShims } from './runners/find-processes.ts';
import { type MachineSite, makeMachine } from './runners/machine.ts';

const HOLDER = fileURLToPath(new URL('./runners/holder.ts', import.meta.url));
const STOP = { grace: 0, evict: false, reason: 'enough' } as const;

describe.skipIf(process.platform !== 'linux')('runs of this machine outlive who holds them', () => {
  let site: MachineSite;
  let holder: ChildProcess | null = null;
  beforeEach(async () => {
    site = await makeMachine();
  });
  afterEach(async () => {
    holder?.kill('SIGKILL');
    await site.remove();
    await until(() => findProcesses(site.folder).length === 0, 'every process to end');
  }, 120_000);

  /** A process that starts these runs; `started`: those that it was told are durable. */
  function hold(runs: readonly RunRequest[]): { child: ChildProcess; started: Set<string>; idle: Promise<void> } {
    const { folder, confinement, logLimit, retention } = site.options;
    const order = JSON.stringify({ options: { folder, confinement, logLimit, retention }, runs });
    const child = spawn(process.execPath, [HOLDER, order], { stdio: ['ignore', 'pipe', 'inherit'] });
    holder = child;
    const started = new Set<string>();
    let rest = '';
    const idle = new Promise<void>((done) => {
      child.stdout!.on('data', (bytes: Buffer) => {
        const lines = (rest + bytes).split('\n');
        rest = lines.pop()!;
        for (const line of lines) {
          if (line.startsWith('started ')) started.add(line.slice(8));
          if (line === 'idle') done();
        }
      });
    });
    return { child, started, idle };
  }

  test('killed at any time while it starts runs: each that was accepted runs once, each that is started again is found', {
    timeout: 300_000,
  }, async () => {
    for (let round = 0; round < 16; round++) {
      const runs = Array.from({ length: 4 }, (_, i) => site.makeRun({ text: `run ${i} `, times: 2, every: i * 30, exit: i === 3 ? 5 : 0 }));
      const { child, started, idle } = hold(runs);
      const exit = once(child, 'exit');
      await Promise.race([idle.then(() => sleep(Math.random() * 60)), once(child.stdout!, 'data').then(() => sleep(Math.random() * 150))]);
      child.kill('SIGKILL');
      await exit;
      const runner = await site.open();
      const pods = await runner.list(NEVER);
      for (const run of runs.filter(({ id }) => started.has(id))) {
        expect(
          pods.filter(({ id }) => id === run.id),
          `round ${round}: an accepted run is there`,
        ).toHaveLength(1);
      }
      // As who controls them does after a crash.
      await Promise.all(runs.map((run) => runner.start(run)));
      for (const [row, run] of runs.entries()) {
        expect((await watchToEnd(runner, run)).at(-1), `round ${round}`).toMatchObject(
          row === 3 ? { phase: 'failed', exitCode: 5 } : { phase: 'succeeded', exitCode: 0 },
        );
        expect(await site.countStarts(run), `round ${round}: starts`).toBe(1);
        expect((await readOutput(runner, run)).toString()).toBe(`run ${row} run ${row} `);
      }
      await runner.close();
    }
  });

  test('killed while a run goes on: output and exit code are whole', { timeout: 60_000 }, async () => {
    const run = site.makeRun({ text: 'tick ', times: 20, every: 50, exit: 9 });
    const { child, idle } = hold([run]);
    await idle;
    const runner = await site.open();
    await until(async () => (await site.countStarts(run)) === 1, 'the start');
    child.kill('SIGKILL');
    expect((await watchToEnd(runner, run)).at(-1)).toMatchObject({ phase: 'failed', exitCode: 9 });
    expect((await readOutput(runner, run)).toString()).toBe('tick '.repeat(20));
    expect(await site.countStarts(run)).toBe(1);
  });

  test('a shim killed at any time: its run is lost, nothing of it runs on, and it is not begun again', { timeout: 300_000 }, async () => {
    const ends = new Set<string>();
    const runner = await site.open();
    for (let round = 0; round < 16; round++) {
      // Two commands in one run, one of them in a session of its own.
      const run = site.makeRun({});
      const script = `${run.workload.command[2].replace('exit 0', '')}\nsetsid sleep 1000 & sleep ${round % 4 === 0 ? 0 : 1000}`;
      const grim = { ...run, workload: { ...run.workload, command: ['sh', '-c', script] } };
      await runner.start(grim);
      if (round % 2 === 0) await until(async () => (await site.countStarts(run)) > 0, 'the start').catch(() => {});
      await sleep(Math.random() * 120);
      for (const pid of findShims(join(site.folder, run.id))) process.kill(pid, 'SIGKILL');
      let last = await runner.start(grim);
      if (!hasEnded(last)) {
        // Killed before it took the run: another shim does.
        const other = setTimeout(() => void runner.stop(grim, STOP), 2_000);
        last = (await watchToEnd(runner, grim)).at(-1)!;
        clearTimeout(other);
      }
      ends.add(last.phase);
      expect(['lost', 'succeeded', 'failed'], `round ${round}`).toContain(last.phase);
      expect(await site.countStarts(run), `round ${round}: starts`).toBeLessThanOrEqual(1);
      expect(hasEnded(await runner.start(grim))).toBe(true);
      // The shim that wrote the end may still be about to leave.
      const left = (): string[] => findProcesses(join(site.folder, run.id)).map(({ command }) => command);
      expect(
        left().filter((command) => !command.includes('shim.js')),
        `round ${round}: what runs on`,
      ).toEqual([]);
      await until(() => left().length === 0, 'the shim to leave');
      expect(await site.countStarts(run), `round ${round}: starts afterwards`).toBeLessThanOrEqual(1);
    }
    expect(ends.has('lost')).toBe(true);
  });

  test('a shim killed while nobody looks is found by the next who opens', { timeout: 60_000 }, async () => {
    const run = site.makeRun({ exit: 'stay' });
    const first = await site.open();
    await first.start(run);
    await awaitPhase(first, run, 'running');
    await first.close();
    for (const pid of findShims(site.folder)) process.kill(pid, 'SIGKILL');
    const second = await site.open();
    expect((await second.list(NEVER)).map(({ status }) => status.phase)).toEqual(['lost']);
    await until(() => findProcesses(site.folder).length === 0, 'its processes to end');
  });

  test('a run of before the machine was started anew is lost, whoever has its number now', { timeout: 60_000 }, async () => {
    const runner = await site.open();
    const bystander = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
    try {
      for (const boot of ['another', readBoot()]) {
        const run = site.makeRun({ exit: 'stay' });
        await runner.start(run);
        await awaitPhase(runner, run, 'running');
        const paths = locateRun(site.folder, run.id);
        for (const pid of findShims(paths.folder)) process.kill(pid, 'SIGKILL');
        // The number of its shim and of its leader belongs to a process that has nothing to do with it.
        const claim = { pid: bystander.pid!, start: readStart(bystander.pid!)! - 1, boot };
        writeFileSync(paths.claim, JSON.stringify(claim));
        const record = JSON.parse(readFileSync(paths.record, 'utf8')) as object;
        writeFileSync(paths.record, JSON.stringify({ ...record, pid: bystander.pid, start: claim.start }));
        expect((await watchToEnd(runner, run)).at(-1)!.phase).toBe('lost');
        await until(() => findProcesses(paths.folder).length === 0, 'its processes to end');
      }
      expect(readStart(bystander.pid!)).not.toBeNull();
    } finally {
      bystander.kill('SIGKILL');
    }
  });

  test('an order of before the machine was started anew, which no shim took, is not begun', { timeout: 60_000 }, async () => {
    const runner = await site.open();
    const [early, late] = [site.makeRun({}), site.makeRun({})];
    await runner.start(early);
    await watchToEnd(runner, early);
    const paths = locateRun(site.folder, late.id);
    const order = { ...(JSON.parse(readFileSync(locateRun(site.folder, early.id).run, 'utf8')) as object), id: late.id, boot: 'another' };
    mkdirSync(paths.state, { recursive: true });
    writeFileSync(paths.run, JSON.stringify(order));
    expect((await runner.start(late)).phase).toBe('lost');
    expect(await site.countStarts(late)).toBe(0);
  });

  test('the process that starts shims may be killed: another one does', { timeout: 60_000 }, async () => {
    const runner = await site.open();
    for (let round = 0; round < 3; round++) {
      const run = site.makeRun({});
      const launchers = findProcesses('local/launch-shims.js').filter(({ pid }) => readParent(pid) === process.pid);
      expect(launchers.length).toBeGreaterThan(0);
      for (const { pid } of launchers) process.kill(pid, 'SIGKILL');
      // It may fail where it was under way, and not twice.
      await runner.start(run).catch(() => runner.start(run));
      expect((await watchToEnd(runner, run)).at(-1)!.phase).toBe('succeeded');
      expect(await site.countStarts(run)).toBe(1);
    }
  });

  test('values of the environment are on the disk no longer than until the command has them', { timeout: 60_000 }, async () => {
    const runner = await site.open();
    const run = site.makeCommand(['sh', '-c', 'printf %s "$SECRET"'], { env: { SECRET: 'canary-8251' } });
    await runner.start(run);
    await watchToEnd(runner, run);
    expect((await readOutput(runner, run)).toString()).toBe('canary-8251');
    const paths = locateRun(site.folder, run.id);
    for (const file of [paths.run, paths.claim, paths.record, join(paths.state, 'shim.log')]) {
      expect(existsSync(file) ? readFileSync(file, 'utf8') : '', file).not.toContain('canary');
    }
  });
});

function readParent(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
