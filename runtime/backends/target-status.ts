import type { CircuitState } from './circuit.ts';

/** How a target is, in one word; the worst wins. `circuit-half-open`: one request is finding out whether it works again. */
export const TARGET_CONDITIONS = ['ready', 'loading', 'full', 'circuit-half-open', 'circuit-open', 'resting', 'down'] as const;
export type TargetCondition = (typeof TARGET_CONDITIONS)[number];

/** A target's state as people read it. */
export interface TargetStatus {
  readonly condition: TargetCondition;
  /** Null where it is ready. Holds no address and no key. */
  readonly reason: string | null;
  /** Ms until it may serve: 0 where it is ready, Infinity where waiting does not help. */
  readonly waitMs: number;
}

/** How a circuit's states are called where people read them; null where it keeps nobody away. */
export const CIRCUIT_CONDITIONS: Readonly<Record<CircuitState, TargetCondition | null>> = {
  closed: null,
  resting: 'resting',
  open: 'circuit-open',
  'half-open': null,
  trying: 'circuit-half-open',
};
