import type { AttemptFacts, Closing } from './entry.ts';

/** What one process has to tell the store and asks of it, in one transaction. Money is nano-dollars. */
export interface Batch {
  /** Who: one process, from its start to its end. */
  readonly holder: string;
  /** Grows by one with each batch; one that was applied is not applied again. */
  readonly number: number;
  readonly accounts: readonly AccountOrder[];
  readonly entries: readonly EntryRecord[];
}

/** One account in a batch. */
export interface AccountOrder {
  readonly budget: string;
  readonly scope: string;
  readonly span: string;
  readonly limit: number;
  /** Whether its limit is kept; one that only counts has no slices. */
  readonly enforced: boolean;
  /** Bounds of the requests that wait, oldest first. */
  readonly needs: readonly number[];
  /** Whether one of them was not in a batch before. */
  readonly fresh: boolean;
  /** What the slice should hold beyond that, so that nobody has to wait. */
  readonly ahead: number;
  readonly giveBack: number;
  /** `giveBack` is all that was not set aside: the recall that is under way is answered. */
  readonly answers: boolean;
}

/** One attempt: told when it is reserved and again when it is closed, or once where both happened meanwhile. */
export interface EntryRecord {
  readonly id: string;
  /** Whether the store was not told of it before. */
  readonly isNew: boolean;
  readonly bound: number;
  readonly reservedAt: number;
  readonly expiresAt: number;
  readonly facts: AttemptFacts;
  readonly closing: Closing | null;
  /** Indices into `Batch.accounts`. */
  readonly accounts: readonly number[];
}

/** An account after a batch. */
export interface AccountState {
  readonly limit: number;
  readonly settled: number;
  readonly reserved: number;
  /** Sum of all slices. */
  readonly held: number;
  /** Slices of processes that ended without giving them back: they count as spent. */
  readonly lost: number;
  /** What the batch's holder has of it. */
  readonly slice: number;
  /** One of the needs could not be met. */
  readonly starved: boolean;
  /** Number of the last recall. */
  readonly recall: number;
  /** The last recall that the batch's holder has answered, or made itself. */
  readonly ownAnswer: number;
  /** The recall that every other living holder has answered; Infinity where no other holds anything. */
  readonly answered: number;
}

export interface Reply {
  /** In the order of the batch's. */
  readonly accounts: readonly AccountState[];
  /** Models whose calibration changed. */
  readonly calibration: readonly CalibrationRow[];
}

/** Exponentially weighted sums of what was estimated and what it became. */
export interface CalibrationRow {
  readonly model: string;
  readonly samples: number;
  readonly estimated_output: number;
  readonly actual_output: number;
  readonly estimated_cost: number;
  readonly actual_cost: number;
}
