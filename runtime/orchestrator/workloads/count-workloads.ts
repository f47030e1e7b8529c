import type { Kysely } from 'kysely';
import type { WorkloadTables } from './tables.ts';
import { WORKLOAD_STATUSES, type WorkloadStatus } from './workload-status.ts';

export async function countWorkloads(tables: Kysely<WorkloadTables>): Promise<Readonly<Record<WorkloadStatus, number>>> {
  const counts = Object.fromEntries(WORKLOAD_STATUSES.map((status) => [status, 0])) as Record<WorkloadStatus, number>;
  const rows = await tables
    .selectFrom('workloads')
    .select(({ fn }) => ['status', fn.countAll<number>().as('count')])
    .groupBy('status')
    .execute();
  for (const { status, count } of rows) counts[status] = Number(count);
  return counts;
}
