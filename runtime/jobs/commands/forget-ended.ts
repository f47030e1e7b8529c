import type { JobBatch } from '../batch.ts';

/** Most jobs that are forgotten at once: nobody waits longer for their turn. */
const MOST = 500;

/** Forgets jobs that ended before `before`, with their history and keys; how many. */
export async function forgetEnded({ transaction }: JobBatch, before: number): Promise<number> {
  const old = await transaction.selectFrom('jobs').select('id').where('ended_at', '<', before).orderBy('ended_at').limit(MOST).execute();
  if (old.length === 0) return 0;
  await transaction
    .deleteFrom('jobs')
    .where(
      'id',
      'in',
      old.map(({ id }) => id),
    )
    .execute();
  return old.length;
}
