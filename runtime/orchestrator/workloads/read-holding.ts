import { type Kysely, sql } from 'kysely';
import type { Holding } from '../../../schema/workload.ts';
import type { WorkloadTables } from './tables.ts';

/** What a caller holds now: the sum over its workloads that have not ended, so that nothing can be held for ever by mistake. */
export async function readHolding(tables: Kysely<WorkloadTables>, caller: string | null): Promise<Holding> {
  const { jobs, cpu, memory } = await tables
    .selectFrom('workloads')
    .select(({ fn }) => [
      fn.countAll<number>().as('jobs'),
      sql<number | null>`cast(sum(cpu_millis) as bigint)`.as('cpu'),
      sql<number | null>`cast(sum(memory_bytes) as bigint)`.as('memory'),
    ])
    .where('caller', '=', caller ?? '')
    .where('held', '=', 1)
    .executeTakeFirstOrThrow();
  return { jobs: Number(jobs), cpuMillis: Number(cpu ?? 0), memoryBytes: Number(memory ?? 0) };
}
