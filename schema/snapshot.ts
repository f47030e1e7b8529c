import type { Percentile } from './vocabulary.ts';

/** What is measured of one target (requirement A12). Values without a sample hold their prior, as stated. */
export interface TargetMetrics {
  /** Failed share of the requests of the last hour, 0..1; prior 0. */
  readonly error_rate_1h: number;
  /** Mean time to first token in ms; prior 0. */
  readonly avg_ttft_ms: number;
  /** Succeeded share of the requests of the last 24 h, 0..1; prior 1. */
  readonly success_rate_24h: number;
  /** Percentiles of the time to first token in ms; prior 0. */
  readonly ttft_ms: Readonly<Record<Percentile, number>>;
  /** Mean time between output tokens in ms; prior 0. */
  readonly ms_per_token: number;
  /** Moving average of a request's latency in ms; 0 = unmeasured. */
  readonly latency_ema_ms: number;
  /** Share of its capacity in use, 0..1. */
  readonly load: number;
  /** Set of `TARGET_STATE` bits. */
  readonly state: number;
}

/** State of a target, one bit each; 0 = ready. */
export const TARGET_STATE = { DOWN: 1, FULL: 2, LOADING: 4 } as const;

/** Everything measured that a decision may depend on; replaced whole. */
export interface MetricsSnapshot {
  readonly epoch: number;
  /** By target row. */
  readonly targets: readonly TargetMetrics[];
  /** Index into `BUDGET_STATUSES`, by budget row. */
  readonly budgets: readonly number[];
}

export const UNMEASURED: TargetMetrics = Object.freeze({
  error_rate_1h: 0,
  avg_ttft_ms: 0,
  success_rate_24h: 1,
  ttft_ms: Object.freeze({ p50: 0, p90: 0, p95: 0, p99: 0 }),
  ms_per_token: 0,
  latency_ema_ms: 0,
  load: 0,
  state: 0,
});
