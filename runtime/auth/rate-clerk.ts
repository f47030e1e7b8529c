import type { RateKind } from './rates.ts';
import type { RateOrder } from './share-rate.ts';

export interface NamedOrder extends RateOrder {
  readonly caller: string;
  readonly kind: RateKind;
}

export interface RateAnswer {
  readonly caller: string;
  readonly kind: RateKind;
  readonly slice: number;
  readonly wait: number;
  /** Other processes hold some of it. */
  readonly others: boolean;
}

export interface RateReply {
  readonly answers: readonly RateAnswer[];
  /** Processes that share rates, this one included. */
  readonly holders: number;
}

/** What one process tells the others: it needs some of a rate, or gave some back. */
export interface RateHint {
  readonly kind: 'need' | 'free';
  readonly from: string;
  readonly caller: string;
  readonly of: RateKind;
}

/** Keeps the books of rates that several processes share. */
export interface RateClerk {
  /** One exchange: all orders or none. `lease`: how long slices hold, in ms from the call on. */
  exchange(holder: string, orders: readonly NamedOrder[], lease: number): Promise<RateReply>;
  /** Tells the other processes; may be lost. */
  tell(hint: RateHint): Promise<void>;
  listen(hear: (hint: RateHint) => void): Promise<() => Promise<void>>;
  /** Takes a process out of the books that has given its slices back. */
  leave(holder: string): Promise<void>;
  /** Forgets what says nothing any more. */
  prune(): Promise<void>;
}
