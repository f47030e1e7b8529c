import { sql } from 'kysely';
import type { JobBatch } from './batch.ts';
import type { Delivery } from './delivery.ts';
import { isDue } from './is-due.ts';
import type { JobRow } from './read-job.ts';

const PAGE = 64;

/** The record itself is the queue: one writer at a time reads it in order. */
export class DirectDelivery implements Delivery {
  async offer(): Promise<void> {}

  async *take({ transaction, now }: JobBatch, queue: string, types: readonly string[]): AsyncIterable<readonly JobRow[]> {
    let last: JobRow | undefined;
    do {
      const after = last;
      let query = transaction
        .selectFrom('jobs')
        .selectAll()
        .where('queue', '=', queue)
        .where('state', '=', 'pending')
        .where('type', 'in', types)
        .where(isDue(now))
        .orderBy('priority', 'desc')
        .orderBy('seq')
        .limit(PAGE);
      if (after !== undefined) query = query.where(sql<boolean>`(-priority, seq) > (${-after.priority}, ${after.seq})`);
      const rows = await query.execute();
      yield rows;
      last = rows.length === PAGE ? rows[PAGE - 1] : undefined;
    } while (last !== undefined);
  }

  async giveBack(): Promise<void> {}

  async settle(): Promise<void> {}

  async repair(): Promise<void> {}

  async close(): Promise<void> {}
}
