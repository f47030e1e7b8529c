import type { JobBatch } from '../../jobs/batch.ts';
import { cancel, complete, fail } from '../../jobs/commands/end-job.ts';
import type { Lease } from '../../jobs/job-engine.ts';
import type { RunStatus } from '../runner.ts';
import { endRun } from './change-run.ts';
import { tablesOf } from './tables.ts';
import { findLeased } from './workload-record.ts';
import type { WorkloadStatus } from './workload-status.ts';

/** How a workload ended. */
export interface WorkloadEnd {
  readonly status: Extract<WorkloadStatus, 'succeeded' | 'failed' | 'cancelled' | 'evicted'>;
  readonly reason: string | null;
  readonly exitCode: number | null;
}

/** Longest reason that is remembered, in characters. */
const LONGEST = 2_000;

/** The end of a workload: job, run and hold at once. False: the lease is over. */
export async function endWorkload(
  batch: JobBatch,
  lease: Lease,
  end: WorkloadEnd,
  run: { readonly attempt: number; readonly status: RunStatus } | null,
): Promise<boolean> {
  if ((await findLeased(batch, lease)) === null) return false;
  const { status, exitCode } = end;
  const reason = end.reason?.slice(0, LONGEST) ?? null;
  if (run !== null) await endRun(batch, lease.id, run.attempt, run.status);
  await give(batch, lease.id, { status, reason, exitCode });
  if (status === 'succeeded') await complete(batch, lease, JSON.stringify({ exit_code: exitCode }));
  else if (status === 'failed') await fail(batch, lease, reason ?? 'it failed', { seat: null, delay: 0, final: true });
  else await cancel(batch, lease.id, reason ?? `it was ${status}`);
  return true;
}

/** Ends a workload that has no run under way, whoever looks after it. */
export async function endIdle(batch: JobBatch, job: string, end: WorkloadEnd): Promise<void> {
  await give(batch, job, end);
  await cancel(batch, job, end.reason ?? `it was ${end.status}`);
}

/** The hold is given back with the end, never before or after it. */
async function give(batch: JobBatch, job: string, { status, reason, exitCode }: WorkloadEnd): Promise<void> {
  await tablesOf(batch).updateTable('workloads').set({ status, reason, exit_code: exitCode, held: 0 }).where('job', '=', job).execute();
}
