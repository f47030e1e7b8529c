import type { JobBatch } from './batch.ts';
import type { JobRow } from './read-job.ts';

/** How waiting jobs reach those who are free. Everything happens in the transaction of the batch, with the record. */
export interface Delivery {
  /** These wait for somebody from now on. */
  offer(batch: JobBatch, rows: readonly JobRow[]): Promise<void>;
  /** Jobs that are due, in order, page by page, for `want` agents; nobody else gets them before the commit. */
  take(batch: JobBatch, queue: string, types: readonly string[], want: number): AsyncIterable<readonly JobRow[]>;
  /** Taken, but nobody here may have them. */
  giveBack(batch: JobBatch, rows: readonly JobRow[]): Promise<void>;
  /** Nobody needs to be told of these any more: given to an agent, or ended. */
  settle(batch: JobBatch, rows: readonly JobRow[]): Promise<void>;
  /** Looks after jobs that wait without anybody being told. */
  repair(batch: JobBatch): Promise<void>;
  close(): Promise<void>;
}
