import type { Kysely, Selectable } from 'kysely';
import type { JobRow } from '../../jobs/read-job.ts';
import type { JobBatch } from '../../jobs/batch.ts';
import type { Lease } from '../../jobs/job-engine.ts';
import type { WorkloadTables } from './tables.ts';

export type WorkloadRow = Selectable<WorkloadTables['workloads']>;
export type RunRow = Selectable<WorkloadTables['workload_runs']>;

/** Name of a run for ever, at every place. */
export function nameRun(job: string, attempt: number): string {
  return `${job}-${attempt}`;
}

/** The job and attempt of a run's name; null = it is no name of ours. */
export function parseRun(id: string): { readonly job: string; readonly attempt: number } | null {
  const [, job, attempt] = /^([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})-([1-9][0-9]{0,8})$/.exec(id) ?? [];
  return job === undefined ? null : { job, attempt: Number(attempt) };
}

export interface WorkloadRecord {
  readonly workload: WorkloadRow;
  /** The latest; null = none yet. */
  readonly run: RunRow | null;
}

export async function readRecord(tables: Kysely<WorkloadTables>, job: string): Promise<WorkloadRecord | null> {
  const workload = await tables.selectFrom('workloads').selectAll().where('job', '=', job).executeTakeFirst();
  if (workload === undefined) return null;
  const run = await tables
    .selectFrom('workload_runs')
    .selectAll()
    .where('job', '=', job)
    .where('attempt', '=', workload.attempt)
    .executeTakeFirst();
  return { workload, run: run ?? null };
}

/** The job, where the lease is still the one that may change it; null = it is somebody else's, or has ended. */
export async function findLeased(batch: JobBatch, { id, token }: Lease): Promise<JobRow | null> {
  const row = await batch.find(id);
  return row !== undefined && row.state === 'in_progress' && row.token === token ? row : null;
}
