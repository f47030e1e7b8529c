import type { Kysely } from 'kysely';
import type { StoreEngine } from '../../jobs/store-engine.ts';
import { endRun } from './change-run.ts';
import { ANYWHERE, WORKLOADS } from './settings.ts';
import { tablesOf, type WorkloadTables } from './tables.ts';
import { readRecord } from './workload-record.ts';

/** How long nobody may look after a workload whose run is on another machine before it is given up, ms. */
const GONE = 10 * 60_000;
const TOGETHER = 64;

/**
 * Workloads whose run is on a machine that has no policyd any more: after ten minutes the run counts as lost, and whoever is free places the
 * workload anew. Where the machine comes back, its policyd ends what still runs there. How many.
 */
export async function giveUpHomes(
  engine: StoreEngine,
  tables: Kysely<WorkloadTables>,
  home: string,
  now: number,
  gone = GONE,
): Promise<number> {
  const waiting = await tables
    .selectFrom('jobs')
    .innerJoin('job_events', 'job_events.job', 'jobs.id')
    .select(({ fn }) => ['jobs.id', 'jobs.type', fn.max('job_events.at').as('since')])
    .where('jobs.queue', '=', WORKLOADS)
    .where('jobs.state', '=', 'pending')
    .where('jobs.type', 'not in', [ANYWHERE, home])
    .groupBy(['jobs.id', 'jobs.type'])
    .limit(TOGETHER)
    .execute();
  let given = 0;
  for (const { id, type, since } of waiting) {
    if (now - Number(since) < gone) continue;
    given += await engine.run(async (batch) => {
      const row = await batch.find(id);
      // Its own policyd is back.
      if (row === undefined || row.state !== 'pending' || row.type !== type) return 0;
      const transaction = tablesOf(batch);
      const record = await readRecord(transaction, id);
      if (record?.run != null && record.run.ended_at === null) {
        const reason = `nobody was heard of at its machine for ${Math.round(gone / 60_000)} minutes`;
        await endRun(batch, id, record.run.attempt, { phase: 'lost', reason, exitCode: null, startedAt: null, endedAt: batch.now });
        await transaction
          .updateTable('workloads')
          .set(({ eb }) => ({ status: 'pending', reason, losses: eb('losses', '+', 1) }))
          .where('job', '=', id)
          .execute();
      }
      await batch.update(row, { type: ANYWHERE });
      batch.hints.push({ kind: 'work', queue: WORKLOADS });
      return 1;
    });
  }
  return given;
}
