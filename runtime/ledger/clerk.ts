import type { AuditOptions, AuditReport } from './audit.ts';
import type { Batch, CalibrationRow, Reply } from './batch.ts';
import type { Spend } from './read-spend.ts';

/** A hint from another process, about one account: `recall` = somebody needs what is not set aside, `answer` = somebody gave back. */
export interface Hint {
  readonly kind: 'recall' | 'answer';
  /** Who says it. */
  readonly holder: string;
  readonly budget: string;
  readonly scope: string;
  readonly span: string;
}

/** Who keeps the books: the only way from the ledger to the store. Every call is one transaction, durable when it resolves. */
export interface Clerk {
  exchange(batch: Batch): Promise<Reply>;
  audit(options: AuditOptions): Promise<AuditReport>;
  /** Spend by dimension and name since the start of the day and of the month that `at` lies in. */
  spend(at: number): Promise<readonly Spend[]>;
  /** Settled nano-dollars by budget in each of the `hours` up to the one that `at` lies in, oldest first. */
  recent(at: number, hours: number): Promise<Readonly<Record<string, readonly number[]>>>;
  calibration(): Promise<readonly CalibrationRow[]>;
  /** Called with hints, which may be lost. */
  listen(hear: (hint: Hint) => void): Promise<void>;
  /** Gives the slices back that `holder` has, and ends. Entries were told before. */
  close(holder: string): Promise<void>;
}
