import type { Kysely } from 'kysely';
import type { StoreEngine } from '../../jobs/store-engine.ts';
import type { FrameLog } from '../frame.ts';
import { tablesOf, type WorkloadTables } from './tables.ts';
import { readRecord } from './workload-record.ts';
import { isOver } from './workload-status.ts';

/** Ends the stream of a workload that has ended: a `result`, or an `error` where it did not succeed. Done once, but for a crash right here. */
export async function tellEnd(engine: StoreEngine, tables: Kysely<WorkloadTables>, frames: FrameLog, job: string): Promise<void> {
  const record = await readRecord(tables, job);
  if (record === null || record.workload.told === 1 || !isOver(record.workload.status)) return;
  const { status, reason, exit_code, attempt, caller } = record.workload;
  const payload = { status, reason, exit_code, attempts: attempt, node: record.run?.node ?? null };
  await frames.append(job, caller === '' ? null : caller, status === 'succeeded' ? 'result' : 'error', payload);
  await frames.end(job);
  await engine.run(async (batch) => {
    await tablesOf(batch).updateTable('workloads').set({ told: 1 }).where('job', '=', job).execute();
  });
}
