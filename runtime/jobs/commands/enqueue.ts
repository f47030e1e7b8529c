import type { JobBatch } from '../batch.ts';
import type { NewJob } from '../job.ts';
import type { Enqueued, Seat } from '../job-engine.ts';
import { readJob } from '../read-job.ts';

/** Records a new job, or the answer to the same request before, or that there is no room for it. */
export async function enqueue(batch: JobBatch, job: NewJob, seat: Seat | null): Promise<Enqueued> {
  const before = await findBefore(batch, job);
  if (before !== null) return before;
  // Only a job that waits takes a place in the queue.
  const taker = seat !== null && (await batch.mayHold(seat.holder)) ? seat : null;
  const pending = await batch.pending(job.queue);
  if (taker === null && pending >= job.depth) return { result: 'full', job: null, pending };
  await batch.transaction
    .insertInto('jobs')
    .values({
      id: job.id,
      queue: job.queue,
      type: job.type,
      payload: job.payload,
      priority: job.priority,
      state: 'pending',
      preferred_agent: job.preferredAgent,
      agent: null,
      holder: null,
      token: 0,
      attempts: 0,
      max_attempts: job.maxAttempts,
      failed_agents: '[]',
      not_before: null,
      created_at: job.createdAt,
      started_at: null,
      ended_at: null,
      assignment_ms: null,
      result: null,
      error: null,
      trace: job.trace,
      caller: job.caller,
      delivery: null,
    })
    .execute();
  if (job.idempotency !== null) {
    const { key, digest } = job.idempotency;
    await batch.transaction
      .insertInto('job_keys')
      .values({ queue: job.queue, caller: job.caller ?? '', key, digest, job: job.id })
      .execute();
  }
  const row = (await batch.find(job.id))!;
  batch.count(job.queue, 1);
  batch.add(job.queue, 'submitted', 1);
  batch.tell(row, 'queued');
  if (taker !== null) return { result: 'accepted', job: await batch.assign(row, taker), pending: await batch.pending(job.queue) };
  await batch.delivery.offer(batch, [row]);
  batch.hints.push({ kind: 'work', queue: job.queue });
  return { result: 'accepted', job: readJob(row), pending: pending + 1 };
}

async function findBefore(batch: JobBatch, job: NewJob): Promise<Enqueued | null> {
  if (job.idempotency === null) return null;
  const { key, digest } = job.idempotency;
  const found = await batch.transaction
    .selectFrom('job_keys')
    .select(['digest', 'job'])
    .where('queue', '=', job.queue)
    .where('caller', '=', job.caller ?? '')
    .where('key', '=', key)
    .executeTakeFirst();
  if (found === undefined) return null;
  const row = (await batch.find(found.job))!;
  return { result: found.digest === digest ? 'replayed' : 'conflict', job: readJob(row), pending: await batch.pending(job.queue) };
}
