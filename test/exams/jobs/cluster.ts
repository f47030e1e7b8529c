import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Where Debian keeps the programs of its PostgreSQL servers, a folder for each version. */
const VERSIONS = '/usr/lib/postgresql';
const run = promisify(execFile);

/** The programs of a PostgreSQL server on this machine; null where there is none. */
export const POSTGRES_BIN = findPrograms();

/** A PostgreSQL server of an exam's own, in a temporary folder and on a free port: it may be stopped and started. */
export class Cluster {
  readonly url: string;
  readonly #folder: string;
  readonly #end = (): void => void execFileSync(...this.#command('stop', '-m', 'immediate'), this.#as);
  readonly #as = findUser();

  static async start(): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'policyd-cluster-'));
    const cluster = new Cluster(folder, await findPort());
    const { uid, gid } = cluster.#as;
    if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
    await run(join(POSTGRES_BIN!, 'initdb'), ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8'], cluster.#as);
    appendFileSync(
      join(folder, 'data', 'postgresql.conf'),
      `port = ${new URL(cluster.url).port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '${folder}'\n`,
    );
    await cluster.start();
    process.once('exit', cluster.#end);
    return cluster;
  }

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  }

  /** Resolves when it takes connections. */
  start(): Promise<void> {
    return this.#ask('start');
  }

  /** `immediate`: as if the power failed. `fast`: connections are cut, all else is in order. */
  stop(mode: 'immediate' | 'fast'): Promise<void> {
    return this.#ask('stop', '-m', mode);
  }

  restart(mode: 'immediate' | 'fast'): Promise<void> {
    return this.#ask('restart', '-m', mode);
  }

  async remove(): Promise<void> {
    process.off('exit', this.#end);
    await this.stop('immediate').catch(() => {});
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ask(...words: string[]): Promise<void> {
    const [program, args] = this.#command(...words);
    await run(program, args, this.#as);
  }

  #command(...words: string[]): [string, string[]] {
    const [word, ...rest] = words;
    return [join(POSTGRES_BIN!, 'pg_ctl'), [word, '-w', '-D', join(this.#folder, 'data'), '-l', join(this.#folder, 'log'), ...rest]];
  }
}

function findPrograms(): string | null {
  if (!existsSync(VERSIONS)) return null;
  const folders = readdirSync(VERSIONS)
    .sort((one, other) => Number(other) - Number(one))
    .map((version) => join(VERSIONS, version, 'bin'));
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && mayRun()) ?? null;
}

function mayRun(): boolean {
  try {
    findUser();
    return true;
  } catch {
    return false;
  }
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
function findUser(): { readonly uid?: number; readonly gid?: number; readonly cwd: string } {
  if (process.getuid?.() !== 0) return { cwd: tmpdir() };
  const id = (which: string): number =>
    Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  return { uid: id('-u'), gid: id('-g'), cwd: tmpdir() };
}

function findPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
