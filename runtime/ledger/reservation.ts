import type { Account } from './account.ts';
import type { AttemptFacts, Closing } from './entry.ts';

/** Money set aside for one attempt. Settled or voided exactly once, also where it expired before; what is said after that is not heard. */
export class Reservation {
  readonly granted = true;
  readonly id: string;
  /** Nano-dollars: the most that the attempt can cost. */
  readonly bound: number;
  /** The accounts that pay, in the windows that reserved. */
  readonly accounts: readonly Account[];
  readonly facts: AttemptFacts;
  /** Ms since 1970. */
  readonly reservedAt: number;
  readonly expiresAt: number;
  /** Null while it is open. */
  closing: Closing | null = null;
  /** Whether a batch has told the store of it. */
  told = false;
  /** Neighbours in the list of those that are open. */
  before: Reservation | null = null;
  after: Reservation | null = null;

  constructor(id: string, bound: number, accounts: readonly Account[], facts: AttemptFacts, reservedAt: number, expiresAt: number) {
    this.id = id;
    this.bound = bound;
    this.accounts = accounts;
    this.facts = facts;
    this.reservedAt = reservedAt;
    this.expiresAt = expiresAt;
  }
}
