import type { Store } from '../store/store.ts';
import type { JobStats } from './job-engine.ts';
import type { JobTables, TotalName } from './tables.ts';

/** Counts of a queue: what waits and what is worked at by the record, all else by the sums. */
export async function readStats(store: Store, queue: string): Promise<JobStats> {
  const tables = store.tables<JobTables>();
  const current = await tables
    .selectFrom('jobs')
    .select((jobs) => ['state', jobs.fn.countAll<number>().as('count')])
    .where('queue', '=', queue)
    .where('state', 'in', ['pending', 'in_progress'])
    .groupBy('state')
    .execute();
  const rows = await tables.selectFrom('job_totals').select(['name', 'amount']).where('queue', '=', queue).execute();
  const totals = new Map(rows.map(({ name, amount }) => [name, amount]));
  const total = (name: TotalName): number => totals.get(name) ?? 0;
  const count = (state: string): number => Number(current.find((row) => row.state === state)?.count ?? 0);
  return {
    submitted: total('submitted'),
    pending: count('pending'),
    inProgress: count('in_progress'),
    completed: total('completed'),
    failed: total('failed'),
    cancelled: total('cancelled'),
    averageDuration: total('completed') === 0 ? null : total('duration') / total('completed'),
    averageAssignment: total('assigned') === 0 ? null : total('assignment') / total('assigned'),
  };
}
