import type { JobBatch } from '../../jobs/batch.ts';
import type { Lease } from '../../jobs/job-engine.ts';
import type { RunStatus } from '../runner.ts';
import type { Placed } from './placed.ts';
import { ANYWHERE } from './settings.ts';
import { tablesOf } from './tables.ts';
import { findLeased } from './workload-record.ts';

/** Where the next run goes, before anything is started there: who comes after looks for it at this place. False: the lease is over. */
export async function beginRun(batch: JobBatch, lease: Lease, attempt: number, placed: Placed, home: string | null): Promise<boolean> {
  const row = await findLeased(batch, lease);
  if (row === null) return false;
  const tables = tablesOf(batch);
  const run = { job: lease.id, attempt, node: placed.node, kind: placed.kind, home, placement: JSON.stringify(placed) };
  await tables
    .insertInto('workload_runs')
    .values({
      ...run,
      phase: 'pending',
      reason: null,
      exit_code: null,
      placed_at: batch.now,
      started_at: null,
      ended_at: null,
    })
    .execute();
  await tables.updateTable('workloads').set({ attempt, status: 'scheduled', reason: null }).where('job', '=', lease.id).execute();
  await batch.update(row, { type: home ?? ANYWHERE });
  return true;
}

/** What a run is doing. False: the lease is over. */
export async function noteRun(batch: JobBatch, lease: Lease, attempt: number, { phase, reason, startedAt }: RunStatus): Promise<boolean> {
  if ((await findLeased(batch, lease)) === null) return false;
  const tables = tablesOf(batch);
  await tables
    .updateTable('workload_runs')
    .set({ phase, reason, started_at: startedAt })
    .where('job', '=', lease.id)
    .where('attempt', '=', attempt)
    .execute();
  await tables
    .updateTable('workloads')
    .set({ status: phase === 'running' ? 'running' : 'scheduled', reason })
    .where('job', '=', lease.id)
    .execute();
  return true;
}

/** A run is over and another one follows. `blame`: whose fault it was that it did not succeed. False: the lease is over. */
export async function closeRun(
  batch: JobBatch,
  lease: Lease,
  attempt: number,
  status: RunStatus,
  blame: 'workload' | 'place',
): Promise<boolean> {
  const row = await findLeased(batch, lease);
  if (row === null) return false;
  await endRun(batch, lease.id, attempt, status);
  await tablesOf(batch)
    .updateTable('workloads')
    .set(({ eb }) => ({
      status: 'pending',
      reason: status.reason,
      ...(blame === 'workload' ? { failures: eb('failures', '+', 1) } : { losses: eb('losses', '+', 1) }),
    }))
    .where('job', '=', lease.id)
    .execute();
  await batch.update(row, { type: ANYWHERE });
  return true;
}

export async function endRun(batch: JobBatch, job: string, attempt: number, status: RunStatus): Promise<void> {
  const { phase, reason, exitCode, startedAt, endedAt } = status;
  await tablesOf(batch)
    .updateTable('workload_runs')
    .set({ phase, reason, exit_code: exitCode, ended_at: endedAt ?? batch.now, ...(startedAt === null ? {} : { started_at: startedAt }) })
    .where('job', '=', job)
    .where('attempt', '=', attempt)
    .execute();
}
