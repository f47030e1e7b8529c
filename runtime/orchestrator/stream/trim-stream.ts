import { sql, type Transaction } from 'kysely';
import type { FrameLimits } from './frame-limits.ts';
import type { FrameTables } from './tables.ts';

/** What is left of a limit where it was passed: trimming at every frame would double the writes. */
const LEFT = 0.9;

/** Takes the oldest frames from a stream that grew beyond its limits. What its oldest is then. */
export async function trimStream(
  transaction: Transaction<FrameTables>,
  { id, oldest, newest, bytes }: Pick<FrameTables['frame_streams'], 'id' | 'oldest' | 'newest' | 'bytes'>,
  limits: FrameLimits,
): Promise<number> {
  const count = newest - oldest + 1;
  if (count <= limits.frames && bytes <= limits.bytes) return oldest;
  let cut = count > limits.frames ? newest - Math.max(1, Math.floor(limits.frames * LEFT)) + 1 : oldest;
  if (bytes > limits.bytes) {
    // From the newest on: what fits stays.
    const sizes = await transaction
      .selectFrom('frames')
      .select(['seq', 'bytes'])
      .where('stream', '=', id)
      .where('seq', '>=', cut)
      .orderBy('seq', 'desc')
      .execute();
    let kept = 0;
    let from = newest;
    for (const size of sizes) {
      kept += size.bytes;
      if (kept > limits.bytes * LEFT && size.seq !== newest) break;
      from = size.seq;
    }
    cut = Math.max(cut, from);
  }
  const { gone } = await transaction
    .selectFrom('frames')
    .select(sql<number>`cast(coalesce(sum(bytes), 0) as bigint)`.as('gone'))
    .where('stream', '=', id)
    .where('seq', '<', cut)
    .executeTakeFirstOrThrow();
  await transaction.deleteFrom('frames').where('stream', '=', id).where('seq', '<', cut).execute();
  await transaction
    .updateTable('frame_streams')
    .set((row) => ({ oldest: cut, bytes: row('bytes', '-', Number(gone)) }))
    .where('id', '=', id)
    .execute();
  return cut;
}
