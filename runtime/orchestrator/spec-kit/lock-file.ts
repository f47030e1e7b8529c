import { constants, readlinkSync } from 'node:fs';
import { open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBoot, readStart } from '../local/process-identity.ts';
import { OrchestratorError } from '../orchestrator-error.ts';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/** How long one waits for a lock, and after which age one of another machine counts as left behind, in ms. */
const PATIENCE = 10_000;
const STALE = 60_000;
const PAUSE = 15;

/** This process, where it may be told from those of other machines and containers. */
export const SELF = { pid: process.pid, start: readStart(process.pid) ?? 0, host: readHost() };

export interface Holder {
  readonly pid: number;
  readonly start: number;
  readonly host: string;
}

/** Whether a process has surely ended; where it runs on another machine nobody can tell. */
export function hasEnded({ pid, start, host }: Holder): boolean {
  return host === SELF.host && host !== '' && readStart(pid) !== start;
}

/**
 * Holds `path` while `work` runs: a file that is there only while somebody holds it, so that it counts between processes and containers that
 * share a folder. One whose holder has ended is taken away.
 *
 * @throws OrchestratorError 409 where it is held for too long.
 */
export async function holdLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + PATIENCE;
  while (!(await take(path))) {
    await clear(path);
    if (performance.now() > deadline) {
      throw new OrchestratorError(409, 'busy', 'others change this file [busy] help: retry in a moment', { retryAfter: 1 });
    }
    await sleep(PAUSE * (0.5 + Math.random()));
  }
  try {
    return await work();
  } finally {
    await unlink(path).catch(() => {});
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
    try {
      await file.writeFile(JSON.stringify(SELF));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a lock away that nobody holds. Two that do so at once take the same one away: it is known by its number. */
async function clear(path: string): Promise<void> {
  try {
    const { ino, mtimeMs } = await stat(path);
    const holder = readHolder(await readFile(path, 'utf8'));
    const age = Date.now() - mtimeMs;
    // Just made, and not yet written into.
    if (holder === null ? age < 1_000 : holder.host === SELF.host ? !hasEnded(holder) : age < STALE) return;
    const aside = `${path}-${process.pid}-${Math.random().toString(36).slice(2)}`;
    await rename(path, aside);
    if ((await stat(aside)).ino === ino) await unlink(aside);
    else await rename(aside, path);
  } catch {
    // Somebody else was faster.
  }
}

function readHolder(text: string): Holder | null {
  try {
    const { pid, start, host } = JSON.parse(text) as Holder;
    return Number.isInteger(pid) && Number.isInteger(start) && typeof host === 'string' ? { pid, start, host } : null;
  } catch {
    return null;
  }
}

function readHost(): string {
  try {
    return `${readBoot()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}
