import type { TargetMetrics } from '../../schema/snapshot.ts';
import { OutcomeBuckets } from './outcome-buckets.ts';

const SAMPLES = 512;
/** Weight of the newest latency in the moving average. */
const ALPHA = 0.2;
/** Without a sample for this long a measurement returns to its prior, so that an excluded target can heal. */
const STALE = 600_000;
const MINUTE = 60_000;

/** What was measured of one target; bounded: two rings of counts and one of times. All times in ms. */
export class TargetMeter {
  readonly #hour = new OutcomeBuckets(60, MINUTE);
  readonly #day = new OutcomeBuckets(96, 15 * MINUTE);
  readonly #ttft = new Float64Array(SAMPLES);
  #ttftCount = 0;
  #ttftAt = Number.NEGATIVE_INFINITY;
  #latency = 0;
  #latencyAt = Number.NEGATIVE_INFINITY;
  #perToken = 0;
  #perTokenAt = Number.NEGATIVE_INFINITY;
  #outcomeAt = Number.NEGATIVE_INFINITY;

  /** One request came to its end: `ok` is false where the backend failed, not where the caller did. */
  recordOutcome(now: number, ok: boolean): void {
    this.#hour.add(now, ok);
    this.#day.add(now, ok);
    this.#outcomeAt = now;
  }

  recordLatency(now: number, ms: number): void {
    this.#latency = this.#fresh(now, this.#latencyAt) ? this.#latency + ALPHA * (ms - this.#latency) : ms;
    this.#latencyAt = now;
  }

  recordFirstToken(now: number, ms: number): void {
    if (!this.#fresh(now, this.#ttftAt)) this.#ttftCount = 0;
    this.#ttft[this.#ttftCount++ % SAMPLES] = ms;
    this.#ttftAt = now;
  }

  recordTokenGap(now: number, ms: number): void {
    this.#perToken = this.#fresh(now, this.#perTokenAt) ? this.#perToken + ALPHA * (ms - this.#perToken) : ms;
    this.#perTokenAt = now;
  }

  /** Moving average of a request's latency, 0 where there is none. */
  latency(now: number): number {
    return this.#fresh(now, this.#latencyAt) ? this.#latency : 0;
  }

  measure(now: number, load: number, state: number): TargetMetrics {
    const known = this.#fresh(now, this.#outcomeAt);
    const times = this.#fresh(now, this.#ttftAt) ? this.#ttft.slice(0, Math.min(this.#ttftCount, SAMPLES)).sort() : new Float64Array(0);
    return {
      error_rate_1h: known ? this.#hour.failedShare(now) : 0,
      success_rate_24h: known ? 1 - this.#day.failedShare(now) : 1,
      avg_ttft_ms: times.length === 0 ? 0 : times.reduce((sum, ms) => sum + ms, 0) / times.length,
      ttft_ms: { p50: pick(times, 0.5), p90: pick(times, 0.9), p95: pick(times, 0.95), p99: pick(times, 0.99) },
      ms_per_token: this.#fresh(now, this.#perTokenAt) ? this.#perToken : 0,
      latency_ema_ms: this.latency(now),
      load,
      state,
    };
  }

  #fresh(now: number, at: number): boolean {
    return now - at < STALE;
  }
}

/** Nearest-rank percentile of ascending values; 0 where there are none. */
function pick(ascending: Float64Array, share: number): number {
  return ascending.length === 0 ? 0 : ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)];
}
