import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { OutputCleaner } from './clean-output.ts';

/** Bytes of output that are kept. */
export const MOST_OUTPUT = 4 * 1024 * 1024;
/** Most of one frame. */
const PIECE = 16 * 1024;
/** Frames that may be on their way to the disk: those that come together share a commit. */
const AHEAD = 8;
/** Time from being asked to end to being made to, in ms. */
const GRACE = 5_000;

export type Channel = 'stdout' | 'stderr';

export interface ChildEnd {
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** Bytes that it wrote, and those of them that were beyond the limit. */
  readonly output: number;
  readonly dropped: number;
}

export interface ChildOrder {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Ms. */
  readonly timeout: number;
}

/**
 * Runs a program in a process group of its own, without a shell and with nothing to read. What it writes is told piece by piece, cleaned;
 * few pieces are on their way at once, so that a program that writes faster than they are written down waits.
 *
 * @param begun is told its process id once it runs.
 */
export async function runChild(
  { file, args, cwd, env, timeout }: ChildOrder,
  begun: (pid: number) => Promise<void>,
  hear: (channel: Channel, text: string) => Promise<void>,
  signal: AbortSignal,
): Promise<ChildEnd> {
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, by) => resolve({ code, signal: by }));
  });
  exited.catch(() => {});
  let timedOut = false;
  let output = 0;
  let dropped = 0;
  const stop = (): void => {
    endGroup(child, 'SIGTERM');
    setTimeout(() => endGroup(child, 'SIGKILL'), GRACE).unref();
  };
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, timeout);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const listen = async (channel: Channel, stream: Readable): Promise<void> => {
    const cleaner = new OutputCleaner();
    const told: Promise<void>[] = [];
    const tell = async (text: string): Promise<void> => {
      if (text === '') return;
      const one = hear(channel, text);
      one.catch(() => {});
      told.push(one);
      if (told.length >= AHEAD) await told.shift();
    };
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const room = Math.max(0, MOST_OUTPUT - output);
      output += chunk.length;
      dropped += Math.max(0, chunk.length - room);
      for (let at = 0; at < Math.min(chunk.length, room); at += PIECE) {
        await tell(cleaner.clean(chunk.subarray(at, Math.min(at + PIECE, room))));
      }
    }
    await tell(cleaner.end());
    await Promise.all(told);
  };
  try {
    // At once: what nobody reads when a program ends is thrown away.
    const [{ code, signal: by }] = await Promise.all([
      exited.then((end) => {
        // What it left behind has its outputs open, and would be waited for.
        endGroup(child, 'SIGKILL');
        return end;
      }),
      listen('stdout', child.stdout),
      listen('stderr', child.stderr),
      child.pid === undefined ? null : begun(child.pid),
    ]);
    return { exitCode: code, signal: by, timedOut, output, dropped };
  } catch (error) {
    endGroup(child, 'SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** Ends everything that a program started, as far as it stayed in its group. */
function endGroup({ pid }: ChildProcessByStdio<null, Readable, Readable>, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing of it is left.
  }
}
