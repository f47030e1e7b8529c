import type { Kysely } from 'kysely';
import type { Pod } from '../runner.ts';
import { listWithin } from './list-within.ts';
import type { Places } from './places.ts';
import { GRACE } from './settings.ts';
import type { WorkloadTables } from './tables.ts';
import { parseRun } from './workload-record.ts';

/** How long a place may take to tell what runs there, ms. */
const PATIENCE = 5_000;
/** Jobs that one statement names. */
const TOGETHER = 500;

/**
 * Ends runs that still go on although the record is done with them: those of a place that was given up and is back. What the record does
 * not know belongs to somebody else, and is left alone. How many.
 */
export async function endStrays(tables: Kysely<WorkloadTables>, places: Places, home: string): Promise<number> {
  let ended = 0;
  for (const runner of places.runners) {
    const pods = await listWithin(runner, PATIENCE).catch((): readonly Pod[] => []);
    const live = pods.filter(({ foreign, status }) => !foreign && (status.phase === 'pending' || status.phase === 'running'));
    for (let at = 0; at < live.length; at += TOGETHER) {
      const page = live.slice(at, at + TOGETHER);
      const over = await findOver(tables, page, home);
      for (const { id, node } of page.filter((pod) => over.has(pod.id))) {
        try {
          await runner.stop({ id, node }, { grace: GRACE, evict: false, reason: 'its workload goes on elsewhere, or has ended' });
          ended++;
        } catch {
          // The next look tries again.
        }
      }
    }
  }
  return ended;
}

async function findOver(tables: Kysely<WorkloadTables>, pods: readonly Pod[], home: string): Promise<ReadonlySet<string>> {
  const named = pods.flatMap(({ id }) => {
    const run = parseRun(id);
    return run === null ? [] : [{ id, ...run }];
  });
  if (named.length === 0) return new Set();
  const rows = await tables
    .selectFrom('workload_runs')
    .select(['job', 'attempt', 'home', 'ended_at'])
    .where(
      'job',
      'in',
      named.map(({ job }) => job),
    )
    .execute();
  return new Set(
    named
      .filter(({ job, attempt }) =>
        rows.some((row) => row.job === job && row.attempt === attempt && row.ended_at !== null && (row.home === null || row.home === home)),
      )
      .map(({ id }) => id),
  );
}
