import type { JobBatch } from '../batch.ts';
import { expire } from './end-job.ts';

/** Gives up a holder whose beat is still `beat`: whoever does it first recovers its jobs; how many. */
export async function giveUpHolder(batch: JobBatch, holder: string, beat: number): Promise<number> {
  const { numDeletedRows } = await batch.transaction
    .deleteFrom('job_holders')
    .where('id', '=', holder)
    .where('beat', '=', beat)
    .executeTakeFirst();
  batch.forgetHolder(holder);
  return numDeletedRows === 0n ? 0 : (await expire(batch, holder)).length;
}
