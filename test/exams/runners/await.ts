import { setTimeout as sleep } from 'node:timers/promises';
import { RUN_PHASES, type Runner, type RunRequest, type RunStatus } from '../../../runtime/orchestrator/runner.ts';

/** A signal that nobody gives. */
export const NEVER = new AbortController().signal;

export function hasEnded({ phase }: RunStatus): boolean {
  return RUN_PHASES.indexOf(phase) >= RUN_PHASES.indexOf('succeeded');
}

/** Every status that is heard until its end. */
export async function watchToEnd(runner: Runner, run: RunRequest): Promise<RunStatus[]> {
  const heard: RunStatus[] = [];
  await runner.watch(run, (status) => heard.push(status), NEVER);
  return heard;
}

/** Waits until a run is in a phase, or has ended. */
export async function awaitPhase(runner: Runner, run: Pick<RunRequest, 'id' | 'node'>, phase: RunStatus['phase']): Promise<RunStatus> {
  const enough = new AbortController();
  let last: RunStatus | null = null;
  await runner.watch(
    run,
    (status) => {
      last = status;
      if (status.phase === phase) enough.abort();
    },
    enough.signal,
  );
  return last!;
}

/** Output from `from` to the end of the run. */
export async function readOutput(runner: Runner, run: RunRequest, from = 0): Promise<Buffer> {
  const pieces: Buffer[] = [];
  // A piece is the reader's for as long as it reads: kept ones are copied.
  await runner.logs(run, from, async (bytes) => void pieces.push(Buffer.from(bytes)), NEVER);
  return Buffer.concat(pieces);
}

/** Looks again until it holds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, most = 20_000): Promise<void> {
  for (const end = performance.now() + most; !(await holds()); await sleep(20)) {
    if (performance.now() > end) throw new Error(`waited ${most} ms in vain for ${what}`);
  }
}
