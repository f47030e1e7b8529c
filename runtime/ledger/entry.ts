import type { Usage } from '../../schema/usage.ts';

/** Life of an entry. `expired`: nobody said how it ended within its timeout, so that it counts at its bound; a late word still corrects it. */
export const ENTRY_STATES = ['reserved', 'settled', 'void', 'expired'] as const;
export type EntryState = (typeof ENTRY_STATES)[number];

/** What is known of an attempt before it is sent; stored with its entry. Tokens are estimates, money is nano-dollars. */
export interface AttemptFacts {
  readonly backend: string;
  readonly model: string;
  readonly category: string | null;
  readonly class: string | null;
  /** Name of the caller's key. */
  readonly caller: string | null;
  readonly team: string | null;
  /** Hash of the policy, and the version of its price table. */
  readonly policy: string;
  readonly prices: string;
  /** As they were before calibration; null where there is none. They may be told as late as the end, when they are written again. */
  readonly estimate: number | null;
  readonly estimatedInput: number | null;
  readonly estimatedOutput: number | null;
}

/** What is known of it afterwards. */
export interface SettleFacts {
  readonly usage: Usage | null;
  /** Ms from sending to the last byte. */
  readonly duration: number | null;
}

/** How an entry ended. */
export interface Closing {
  readonly state: Exclude<EntryState, 'reserved'>;
  readonly at: number;
  /** Nano-dollars. */
  readonly actual: number;
  readonly usage: Usage | null;
  readonly duration: number | null;
}
