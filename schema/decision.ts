import type { CostEstimate, RoutingIntent } from './intent.ts';
import type { Place } from './policy-set.ts';
import type { Relaxation, RouteReason, Stage } from './vocabulary.ts';

/** Requirement A3. `target` is `backend/model`. */
export type RoutingDecision =
  | {
      readonly decision: 'route';
      readonly target: string;
      readonly backend: string;
      readonly model: string;
      readonly reason: RouteReason;
      readonly relaxed: Relaxation;
      readonly cost_estimate: CostEstimate;
    }
  | {
      readonly decision: 'queue';
      readonly reason: 'loading' | 'full';
      readonly target: string;
      readonly backend: string;
      readonly model: string;
      readonly estimated_wait_ms: number;
      readonly fallback: string | null;
      readonly cost_estimate: CostEstimate;
    }
  | { readonly decision: 'reject'; readonly rejection_reasons: readonly RejectionReason[] };

/** Requirement A4: one for every excluded candidate, from the first stage that excluded it. */
export interface RejectionReason {
  /** The backend's name. */
  readonly agent_id: string;
  readonly model: string;
  readonly reconciler: Stage;
  readonly reason: string;
  /** What the caller or the operator can do; never empty. */
  readonly suggested_action: string;
}

/** What one stage did to one target of the link. `axis` names the constraint, `place` the policy line behind it. */
export interface Exclusion {
  readonly target: number;
  readonly stage: Stage;
  readonly axis: string;
  readonly reason: string;
  readonly suggested_action: string;
  readonly place: Place | null;
}

/** A constraint that may be observed before it is enforced, not met by a target: what it asks for, and what is so, as people read it. */
export interface Violation {
  readonly constraint: 'cost' | 'quality' | 'measured' | 'sla';
  readonly threshold: string;
  readonly actual: string;
}

/** Why a decision came out as it did; made only when asked for. */
export interface Explanation {
  readonly intent: RoutingIntent;
  readonly decision: RoutingDecision;
  /** One entry per link of the fallback chain that was tried, in order. */
  readonly links: readonly {
    readonly model: string;
    readonly stages: readonly { readonly stage: Stage; readonly excluded: readonly Exclusion[]; readonly remaining: readonly string[] }[];
    /** Remaining targets, best first. */
    readonly order: readonly string[];
  }[];
}

/**
 * A route code: what `route` and `decide` return. -1 = reject; else bits 0–15 the target's row, bits 16–17 the relaxation
 * (index into `RELAXATIONS`), bit 18: the target is loading (queue), bit 19: every target left is full (queue), bits 20–21 the link.
 */
export const CODE = {
  REJECT: -1,
  TARGET: 0xffff,
  RELAXED_SHIFT: 16,
  RELAXED: 0x3,
  LOADING: 1 << 18,
  FULL: 1 << 19,
  LINK_SHIFT: 20,
  LINK: 0x3,
} as const;
