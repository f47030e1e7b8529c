import type { Explanation, Violation } from './decision.ts';
import type { Intent } from './intent.ts';
import type { RequestBody, RequestHints, TokenCount } from './request.ts';
import type { MetricsSnapshot } from './snapshot.ts';
import type { Usage } from './usage.ts';
import type { RouteReason } from './vocabulary.ts';
import type { WorkloadRules } from './workload.ts';

/**
 * What a generated router exports, and all that carries policy meaning: compiler commands and the runtime call these and
 * implement none of them again. Everything is synchronous and pure but `mark` and `charge`, which change a `Live` in place.
 */
export interface RouterModule {
  /** The policy of workloads; absent in artifacts of before there were any, where nothing is limited and this machine is the only node for restricted ones. */
  readonly workloads?: WorkloadRules;
  /** Version of this contract. */
  readonly format: typeof ROUTER_FORMAT;
  /** Number of targets (columns). */
  readonly targets: number;
  /** The `excluded` that excludes nothing. */
  readonly none: Int32Array;
  /** Row of a requested name in `names`, -1 if unknown. */
  resolve(name: string): number;
  /** `caller` is a row of `callers` (the last row: no key). Check `problem` before routing. */
  analyze(body: RequestBody, hints: RequestHints, caller: number, tokens: TokenCount): Intent;
  /** Scores and orders the targets; off the request path. */
  rank(snapshot: MetricsSnapshot): Order;
  /** Lays the live tables for an order; off the request path. */
  lay(order: Order): Live;
  /** Sets a target's state (set of `TARGET_STATE` bits) in place. */
  mark(live: Live, target: number, state: number): void;
  /** Sets a budget's status (index into `BUDGET_STATUSES`) in place. */
  charge(live: Live, budget: number, status: number): void;
  /** The `excluded` that takes these targets out, for this `live` only. */
  exclude(live: Live, targets: readonly number[]): Int32Array;
  /** One link: straight-line code. Returns a route code without link bits; see `CODE`. */
  route(intent: Intent, live: Live, excluded: Int32Array): number;
  /** The decision: `route` over the fallback chain, then the full-only question. Leaves `intent` bound to the link it chose. */
  decide(intent: Intent, live: Live, excluded: Int32Array): number;
  /** Why that code's target was chosen: a counterfactual, made after dispatch. `attempts` = targets already tried. */
  reason(intent: Intent, live: Live, excluded: Int32Array, code: number, attempts: number): RouteReason;
  /** Every axis that excludes a target on the intent's link, each judged alone; what the compiler's proof compares. */
  verdicts(intent: Intent, live: Live, excluded: Int32Array, target: number): string[];
  /** All targets, best first, in the order that a relaxation level (index into `RELAXATIONS`) takes them. */
  order(intent: Intent, live: Live, level: number): number[];
  /** Estimated cost of the intent on a target in nano-dollars, rounded up; NaN where the price is unknown. */
  estimate(intent: Intent, target: number): number;
  /** Rows of the budgets that pay when this intent, bound to its link, goes to this target; ascending. A shared frozen array: no allocation. */
  budgets(intent: Intent, target: number): readonly number[];
  /**
   * The most that the call can cost in nano-dollars, rounded up: (upper bound of the input, with the most that images and a tool list can
   * add, × its dearest rate + output cap × its dearest rate) × answers, at the dearest tier that could apply. NaN where the price is
   * unknown, 0 where it is free.
   */
  bound(intent: Intent, target: number): number;
  /** What a usage cost on a target in nano-dollars, exact, rounded up once; the tier is that of all its input. NaN where the price is unknown. */
  actual(usage: Usage, target: number): number;
  /** Every stage's verdict on every candidate, with reasons; only when asked. Does not change `intent`. */
  explain(intent: Intent, live: Live, excluded: Int32Array, request_id: string): Explanation;
  /** The constraints that may be observed first and that a target does not meet on the intent's link; only when asked. */
  violations(intent: Intent, live: Live, target: number): readonly Violation[];
  /** The same router without those constraints: its intents and lives are its own. Made when first asked for. */
  plain(): RouterModule;
}

export const ROUTER_FORMAT = 1;

/** An order of the targets for every rank class; made by `rank`, opaque outside the router. */
export interface Order {
  readonly epoch: number;
  readonly snapshot: MetricsSnapshot;
  /** Targets by rank, one stretch per rank class. */
  readonly permutation: Int32Array;
}

/** The tables that `route` reads, in rank order; opaque outside the router. */
export interface Live {
  readonly epoch: number;
  readonly snapshot: MetricsSnapshot;
  /** Masks. */
  readonly masks: Int32Array;
  /** Targets by rank; the sentinel behind each stretch is -1. */
  readonly permutation: Int32Array;
  /** Rank by target: the inverse of `permutation`. */
  readonly ranks: Int32Array;
  /** Set of `TARGET_STATE` bits by target row. */
  readonly state: Uint8Array;
  /** Index into `BUDGET_STATUSES` by budget row. */
  readonly budgets: Uint8Array;
  /** By budget scope row: all ones where a budget in scope is at its soft limit. */
  readonly soft: Int32Array;
  /** By word of target rows: the targets that are loading. */
  readonly loading: Int32Array;
}
