import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Policyd, until, writeArtifact } from '../e2e/policyd.ts';
import { callerOf } from '../e2e/orchestrator/workloads-api.ts';
import { poolOf } from '../e2e/pool/api.ts';
import type { SoakUpstream } from './soak-upstream.ts';
import { keyOf } from './write-policy.ts';

/** Handlers of the pool's agents. */
export const HANDLERS = fileURLToPath(new URL('../bench/pool/handlers.ts', import.meta.url));

/** What goes on beside the requests, and what came of it. */
export interface Counts {
  swaps: number;
  storms: number;
  readonly tasks: string[];
  readonly jobs: string[];
  /** What was not as it should be, at most twenty. */
  readonly problems: string[];
}

/** Ms between two of them. */
export interface Pace {
  readonly swap: number;
  readonly storm: number;
  readonly task: number;
  readonly job: number;
}

/** Puts the two artifacts in turn, where the server watches for them. */
export async function swap(policyd: Policyd, sides: readonly ReadonlyMap<string, string>[], counts: Counts, pace: Pace, stop: AbortSignal) {
  await repeat(pace.swap, stop, counts, async () => {
    const files = sides[(counts.swaps + 1) % 2]!;
    writeArtifact(policyd.folder, files);
    const { hash } = JSON.parse(files.get('manifest.json')!) as { hash: string };
    await until(async () => (await readHash(policyd)) === hash, `the swap to ${hash}`, 60_000);
    counts.swaps++;
  });
}

/** The server fails altogether for a while, each time in another way. */
export async function storm(upstream: SoakUpstream, counts: Counts, pace: Pace, stop: AbortSignal): Promise<void> {
  await repeat(pace.storm, stop, counts, async () => {
    upstream.storm = upstream.pickFault();
    await sleep(Math.min(1_500, pace.storm / 2));
    upstream.storm = null;
    counts.storms++;
  });
}

/** Tasks of the pool: every one that was taken is done. */
export async function submit(policyd: Policyd, counts: Counts, pace: Pace, stop: AbortSignal): Promise<void> {
  const pool = poolOf(policyd, { authorization: `Bearer ${keyOf('ops')}` });
  await repeat(pace.task, stop, counts, async () => {
    const { status, body } = await pool.ask<{ task_id: string }>('POST', '/tasks', { payload: { ms: 5 }, task_type: 'general' });
    if (status >= 300) throw new Error(`a task was refused with ${status}: ${JSON.stringify(body)}`);
    counts.tasks.push(body.task_id);
  });
  for (const id of counts.tasks) {
    try {
      const { status } = await pool.reach(id, ['completed', 'failed', 'cancelled'], 60_000);
      if (status !== 'completed') tellProblem(counts, `task ${id} is ${status}`);
    } catch (error) {
      tellProblem(counts, (error as Error).message);
    }
  }
}

/** Workloads of this machine: every one that was taken ends well. */
export async function schedule(policyd: Policyd, counts: Counts, pace: Pace, stop: AbortSignal): Promise<void> {
  const caller = callerOf(() => policyd, keyOf('ops'));
  await repeat(pace.job, stop, counts, async () => {
    const { status, body } = await caller.schedule({
      name: 'soak',
      command: ['/bin/echo', 'done'],
      resources: { cpu: '10m', memory: '16MiB' },
    });
    if (status !== 202) throw new Error(`a workload was refused with ${status}: ${JSON.stringify(body)}`);
    counts.jobs.push(body.job_id);
  });
  for (const id of counts.jobs) {
    try {
      const { status } = await caller.end(id);
      if (status !== 'succeeded') tellProblem(counts, `workload ${id} is ${status}`);
    } catch (error) {
      tellProblem(counts, (error as Error).message);
    }
  }
}

export function tellProblem({ problems }: Counts, problem: string): void {
  if (problems.length < 20) problems.push(problem);
}

export async function readHash(policyd: Policyd): Promise<string> {
  return (await policyd.get<{ active: { hash: string } }>('/v1/policy', { authorization: `Bearer ${keyOf('ops')}` })).active.hash;
}

async function repeat(ms: number, stop: AbortSignal, counts: Counts, act: () => Promise<void>): Promise<void> {
  while (!stop.aborted) {
    await sleep(ms, undefined, { signal: stop }).catch(() => {});
    if (stop.aborted) return;
    await act().catch((error: Error) => tellProblem(counts, error.message));
  }
}
