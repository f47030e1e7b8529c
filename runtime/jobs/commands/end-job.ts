import type { JobBatch } from '../batch.ts';
import { hasEnded } from '../job.ts';
import type { Ended, Lease, Seat } from '../job-engine.ts';
import { type JobRow, readJob } from '../read-job.ts';

export async function complete(batch: JobBatch, lease: Lease, result: string | null): Promise<Ended> {
  return change(batch, lease, async (row) => {
    const changed = await end(batch, row, 'completed', { result, error: null });
    if (row.started_at !== null) batch.add(row.queue, 'duration', Math.max(0, batch.now - row.started_at));
    return changed;
  });
}

/** One attempt failed. */
export async function fail(
  batch: JobBatch,
  lease: Lease,
  error: string,
  { seat, delay, final }: { readonly seat: Seat | null; readonly delay: number; readonly final: boolean },
): Promise<Ended> {
  return change(batch, lease, async (row) => {
    const blamed = blame(row);
    if (final || row.state === 'pending' || row.attempts >= row.max_attempts)
      return end(batch, row, 'failed', { error, failed_agents: blamed });
    batch.tell(row, 'attempt-failed', error);
    const taker = seat !== null && seat.agent !== row.agent && (await batch.mayHold(seat.holder)) ? seat : null;
    if (taker !== null) {
      await batch.assign(await batch.update(row, { failed_agents: blamed, error }), taker);
      return (await batch.find(row.id))!;
    }
    return putBack(batch, row, { failed_agents: blamed, error, not_before: delay > 0 ? batch.now + delay : null });
  });
}

/** The job waits again, and the attempt does not count: whoever had it gave it back. */
export async function release(batch: JobBatch, lease: Lease): Promise<Ended> {
  return change(batch, lease, async (row) => {
    if (row.state === 'pending') return row;
    batch.tell(row, 'returned');
    return putBack(batch, row, { attempts: row.attempts - 1 });
  });
}

export async function cancel(batch: JobBatch, id: string, reason: string): Promise<Ended> {
  return change(batch, { id, token: null }, (row) => end(batch, row, 'cancelled', { error: reason }));
}

export async function cancelPending(batch: JobBatch, queue: string, reason: string): Promise<number> {
  const waiting = batch.transaction.selectFrom('jobs').selectAll().where('queue', '=', queue).where('state', '=', 'pending').orderBy('seq');
  const rows = await waiting.execute();
  for (const row of rows) await end(batch, row, 'cancelled', { error: reason });
  return rows.length;
}

/** Every lease of a holder ran out: whoever worked under it is to blame, in doubt. */
export async function expire(batch: JobBatch, holder: string): Promise<readonly JobRow[]> {
  const held = batch.transaction.selectFrom('jobs').selectAll().where('holder', '=', holder).where('state', '=', 'in_progress');
  const rows = await held.execute();
  const recovered: JobRow[] = [];
  for (const row of rows) {
    const error = `\`${row.agent}\` was not heard of for the time of its lease`;
    batch.tell(row, 'expired', error);
    if (row.attempts >= row.max_attempts) recovered.push(await end(batch, row, 'failed', { error, failed_agents: blame(row) }));
    else recovered.push(await putBack(batch, row, { error, failed_agents: blame(row) }));
    batch.hints.push({ kind: 'expired', id: row.id, agent: row.agent, holder, state: recovered.at(-1)!.state });
  }
  return recovered;
}

/** A dead job waits again. */
export async function redrive(
  batch: JobBatch,
  id: string,
  depth: number,
): Promise<Ended | { result: 'full'; job: ReturnType<typeof readJob> }> {
  const row = await batch.find(id);
  if (row === undefined) return { result: 'unknown', job: null };
  if (row.state !== 'failed') return { result: 'stale', job: readJob(row) };
  if ((await batch.pending(row.queue)) >= depth) return { result: 'full', job: readJob(row) };
  batch.tell(row, 'redriven');
  batch.add(row.queue, 'failed', -1);
  const changed = await putBack(batch, row, { attempts: 0, failed_agents: '[]', error: null, ended_at: null });
  return { result: 'done', job: readJob(changed) };
}

async function change(batch: JobBatch, { id, token }: Lease, work: (row: JobRow) => Promise<JobRow>): Promise<Ended> {
  const row = await batch.find(id);
  if (row === undefined) return { result: 'unknown', job: null };
  const stale = hasEnded(row.state) || (token !== null && (row.state !== 'in_progress' || row.token !== token));
  if (stale) return { result: 'stale', job: readJob(row) };
  return { result: 'done', job: readJob(await work(row)) };
}

async function end(
  batch: JobBatch,
  row: JobRow,
  state: 'completed' | 'failed' | 'cancelled',
  changes: Partial<Pick<JobRow, 'result' | 'error' | 'failed_agents'>>,
): Promise<JobRow> {
  // One that waits is still to be delivered.
  if (row.delivery !== null) await batch.delivery.settle(batch, [row]);
  const changed = await batch.update(row, { ...changes, state, holder: null, not_before: null, ended_at: batch.now, delivery: null });
  batch.tell({ ...changed, holder: row.holder }, state, changed.error);
  batch.add(row.queue, state, 1);
  batch.hints.push({ kind: 'ended', id: row.id });
  return changed;
}

async function putBack(batch: JobBatch, row: JobRow, changes: Partial<JobRow>): Promise<JobRow> {
  const changed = await batch.update(row, { not_before: null, ...changes, state: 'pending', holder: null, delivery: null });
  batch.tell(changed, 'queued');
  await batch.delivery.offer(batch, [changed]);
  batch.hints.push({ kind: 'work', queue: row.queue });
  return changed;
}

/** Who had it last never gets it again. */
function blame({ agent, failed_agents }: JobRow): string {
  const failed = JSON.parse(failed_agents) as string[];
  return JSON.stringify(agent === null || failed.includes(agent) ? failed : [...failed, agent]);
}
