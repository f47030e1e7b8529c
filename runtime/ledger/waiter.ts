import type { Account } from './account.ts';
import type { Book } from './book.ts';
import type { AttemptFacts } from './entry.ts';
import type { Refusal } from './refusal.ts';
import type { Reservation } from './reservation.ts';

/** A request that waits for money. */
export interface Waiter {
  readonly book: Book;
  readonly rows: readonly number[];
  readonly bound: number;
  readonly facts: AttemptFacts;
  readonly timeout: number;
  readonly resolve: (answer: Reservation | Refusal) => void;
  /** Number of the first batch that told its need; 0 = none did. */
  batch: number;
  /** The recalls that it waits for, by account. */
  readonly recalls: Map<Account, number>;
  cancel: () => void;
}
