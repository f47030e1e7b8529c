import { sql, type Transaction } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { FrameLimits } from './frame-limits.ts';
import type { FrameTables } from './tables.ts';

/** Streams of one transaction: others must not wait long for the store. */
const BATCH = 50;
/** Most streams that are known, whatever they hold. */
const MOST_STREAMS = 100_000;

/**
 * Forgets streams that nothing happened to for the retention, and those that waited longest where all of them take too much. The rest of a
 * stream that has not ended stays as its numbers, for ten times as long: who resumes it is told what went.
 *
 * @returns the streams that lost something.
 */
export async function forgetStreams(store: Store, limits: FrameLimits, now: number): Promise<string[]> {
  const forgotten: string[] = [];
  const tables = store.tables<FrameTables>();
  for (;;) {
    const { bytes, count } = await tables
      .selectFrom('frame_streams')
      .select([sql<number>`cast(coalesce(sum(bytes), 0) as bigint)`.as('bytes'), sql<number>`cast(count(*) as bigint)`.as('count')])
      .executeTakeFirstOrThrow();
    const old = now - limits.retention;
    const crowded = Number(bytes) > limits.total;
    const many = Number(count) > MOST_STREAMS;
    const ids = await tables
      .selectFrom('frame_streams')
      .select('id')
      .where((row) =>
        row.or([
          row.and([row('touched_at', '<', old), row.or([row('ended', '=', 1), row('bytes', '>', 0)])]),
          row('touched_at', '<', now - 10 * limits.retention),
          ...(crowded ? [row('bytes', '>', 0)] : []),
          ...(many ? [sql<boolean>`1 = 1`] : []),
        ]),
      )
      .orderBy('touched_at')
      .limit(crowded || many ? 1 : BATCH)
      .execute();
    if (ids.length === 0) return forgotten;
    for (const { id } of ids) await store.write<FrameTables, void>((transaction) => forget(transaction, id, old, now, limits, many));
    forgotten.push(...ids.map(({ id }) => id));
  }
}

async function forget(
  transaction: Transaction<FrameTables>,
  id: string,
  old: number,
  now: number,
  { retention }: FrameLimits,
  many: boolean,
): Promise<void> {
  // Locks the row: who appends comes before or after.
  const row = await transaction
    .updateTable('frame_streams')
    .set((stream) => ({ oldest: stream('newest', '+', 1), bytes: 0 }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return;
  await transaction.deleteFrom('frames').where('stream', '=', id).execute();
  const over = row.touched_at < old && (row.ended === 1 || row.touched_at < now - 10 * retention);
  if (over || many) await transaction.deleteFrom('frame_streams').where('id', '=', id).execute();
}
