import type { JobBatch } from '../../jobs/batch.ts';
import { endIdle } from './end-workload.ts';
import { tablesOf } from './tables.ts';
import { readRecord } from './workload-record.ts';
import { isOver } from './workload-status.ts';

/** `ended`: it had no run, and has ended. `asked`: whoever looks after it ends its run. `over`: it had ended before. */
export type StopAsked = 'ended' | 'asked' | 'over' | 'unknown';

/** Writes down that a workload is to end before its time, so that no crash forgets it. What was asked first stands. */
export async function askToStop(batch: JobBatch, job: string, stop: 'cancel' | 'evict', reason: string): Promise<StopAsked> {
  const tables = tablesOf(batch);
  const record = await readRecord(tables, job);
  if (record === null) return 'unknown';
  const { workload, run } = record;
  if (isOver(workload.status)) return 'over';
  if (run === null || run.ended_at !== null) {
    await endIdle(batch, job, { status: stop === 'cancel' ? 'cancelled' : 'evicted', reason, exitCode: null });
    return 'ended';
  }
  if (workload.stop === null) await tables.updateTable('workloads').set({ stop, stop_reason: reason }).where('job', '=', job).execute();
  return 'asked';
}

/** A place refused to evict it: it goes on. */
export async function forgetStop(batch: JobBatch, job: string): Promise<void> {
  await tablesOf(batch)
    .updateTable('workloads')
    .set({ stop: null, stop_reason: null })
    .where('job', '=', job)
    .where('stop', '=', 'evict')
    .where('held', '=', 1)
    .execute();
}
