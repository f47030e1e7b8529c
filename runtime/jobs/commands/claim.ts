import type { JobBatch } from '../batch.ts';
import { chooseAgent } from '../choose-agent.ts';
import { LONGEST_DELAY } from '../is-due.ts';
import type { Job } from '../job.ts';
import type { Claimed, Offer } from '../job-engine.ts';
import { type JobRow, readJob } from '../read-job.ts';

/** Gives jobs to agents that are free, in the order of the queue, until one of both is used up. */
export async function claim(batch: JobBatch, queue: string, offers: readonly Offer[]): Promise<Claimed> {
  const lost = new Set<string>();
  for (const { holder } of offers) if (!(await batch.mayHold(holder))) lost.add(holder);
  const free = new Set(offers.filter(({ holder }) => !lost.has(holder)));
  const types = [...new Set([...free].flatMap((offer) => offer.types))];
  const jobs: Job[] = [];
  const misfits: JobRow[] = [];
  if (types.length > 0) {
    for await (const rows of batch.delivery.take(batch, queue, types, free.size)) {
      for (const row of rows) {
        const chosen = free.size === 0 ? null : chooseAgent(readJob(row), free);
        if (chosen === null) misfits.push(row);
        else {
          free.delete(chosen);
          jobs.push(await batch.assign(row, chosen));
        }
      }
      if (free.size === 0) break;
    }
    if (misfits.length > 0) await batch.delivery.giveBack(batch, misfits);
  }
  return { jobs, wait: await findWait(batch, queue), pending: await batch.pending(queue), lost: [...lost] };
}

async function findWait({ transaction, now }: JobBatch, queue: string): Promise<number | null> {
  const { next } = await transaction
    .selectFrom('jobs')
    .select((jobs) => jobs.fn.min('not_before').as('next'))
    .where('queue', '=', queue)
    .where('state', '=', 'pending')
    .where('not_before', '>', now)
    .executeTakeFirstOrThrow();
  return next === null ? null : Math.min(Number(next) - now, LONGEST_DELAY);
}
