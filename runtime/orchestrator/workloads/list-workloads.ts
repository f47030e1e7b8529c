import type { Kysely } from 'kysely';
import { type JobRow, readJob } from '../../jobs/read-job.ts';
import type { Job } from '../../jobs/job.ts';
import { WORKLOADS } from './settings.ts';
import type { WorkloadTables } from './tables.ts';
import type { Viewer } from '../../auth/viewer.ts';
import type { RunRow, WorkloadRow } from './workload-record.ts';
import type { WorkloadStatus } from './workload-status.ts';

export interface WorkloadFilter {
  readonly status?: WorkloadStatus;
  readonly name?: string;
  readonly limit: number;
  /** The `cursor` of the page before. */
  readonly cursor?: number;
}

/** A workload as it is remembered. */
export interface Remembered {
  readonly job: Job;
  readonly workload: WorkloadRow;
  /** The latest; null = none yet. */
  readonly run: RunRow | null;
}

/** Newest first. `cursor`: null = this was the last page. */
export async function listWorkloads(
  tables: Kysely<WorkloadTables>,
  viewer: Viewer,
  { status, name, limit, cursor }: WorkloadFilter,
): Promise<{ readonly found: readonly Remembered[]; readonly cursor: number | null }> {
  let query = tables
    .selectFrom('jobs')
    .innerJoin('workloads', 'workloads.job', 'jobs.id')
    .selectAll('jobs')
    .where('jobs.queue', '=', WORKLOADS)
    .orderBy('jobs.seq', 'desc')
    .limit(limit);
  if (!viewer.all) query = query.where('workloads.caller', '=', viewer.caller ?? '');
  if (status !== undefined) query = query.where('workloads.status', '=', status);
  if (name !== undefined) query = query.where('workloads.name', '=', name);
  if (cursor !== undefined) query = query.where('jobs.seq', '<', cursor);
  const rows = (await query.execute()) as JobRow[];
  return { found: await addRuns(tables, rows), cursor: rows.length === limit ? rows[limit - 1].seq : null };
}

/** Null = there is none, or it is not for this viewer: nobody learns which. */
export async function findWorkload(tables: Kysely<WorkloadTables>, viewer: Viewer, id: string): Promise<Remembered | null> {
  const row = await tables.selectFrom('jobs').selectAll().where('id', '=', id).where('queue', '=', WORKLOADS).executeTakeFirst();
  const [found] = row === undefined ? [] : await addRuns(tables, [row]);
  return found === undefined || !(viewer.all || found.workload.caller === (viewer.caller ?? '')) ? null : found;
}

/** All runs of a workload, in order. */
export async function listRuns(tables: Kysely<WorkloadTables>, id: string): Promise<readonly RunRow[]> {
  return tables.selectFrom('workload_runs').selectAll().where('job', '=', id).orderBy('attempt').execute();
}

async function addRuns(tables: Kysely<WorkloadTables>, rows: readonly JobRow[]): Promise<readonly Remembered[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const workloads = new Map<string, WorkloadRow>();
  for (const row of await tables.selectFrom('workloads').selectAll().where('job', 'in', ids).execute()) workloads.set(row.job, row);
  const runs = new Map<string, RunRow>();
  const latest = tables
    .selectFrom('workload_runs')
    .innerJoin('workloads', (join) =>
      join.onRef('workloads.job', '=', 'workload_runs.job').onRef('workloads.attempt', '=', 'workload_runs.attempt'),
    )
    .selectAll('workload_runs')
    .where('workload_runs.job', 'in', ids);
  for (const row of await latest.execute()) runs.set(row.job, row);
  return rows.flatMap((row) => {
    const workload = workloads.get(row.id);
    return workload === undefined ? [] : [{ job: readJob(row), workload, run: runs.get(row.id) ?? null }];
  });
}
