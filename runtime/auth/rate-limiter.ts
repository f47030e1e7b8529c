import type { CallerConfig } from '../../schema/manifest.ts';
import type { Rate } from '../../schema/policy-set.ts';
import type { RateKind, Rates } from './rates.ts';

/** What a caller may still ask for: full at the beginning, filled evenly, never above its rate. Below 0 it owes. */
interface Bucket {
  level: number;
  /** When `level` held, ms. */
  at: number;
  rate: Rate;
}

/**
 * Rates in this process alone. Buckets are known by the caller's name, so that a swap of the policy fills none; there are no more than
 * the policy has keys.
 */
export class RateLimiter implements Rates {
  readonly #buckets: Record<RateKind, Map<string, Bucket>> = { requests: new Map(), tokens: new Map() };
  readonly #now: () => number;

  /** @param now ms; never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  configure(callers: readonly CallerConfig[]): void {
    for (const kind of ['requests', 'tokens'] as const) {
      const kept = new Set(callers.filter(({ rate }) => rate?.[kind]).map(({ name }) => name));
      for (const name of this.#buckets[kind].keys()) if (!kept.has(name)) this.#buckets[kind].delete(name);
    }
  }

  draw(): null {
    return null;
  }

  take(caller: CallerConfig, kind: RateKind, amount: number): number {
    const bucket = this.#bucketOf(caller, kind);
    if (bucket === null) return 0;
    const needed = Math.min(amount, bucket.rate.most);
    if (bucket.level < needed) return Math.ceil(((needed - bucket.level) * bucket.rate.ms) / bucket.rate.most);
    bucket.level -= amount;
    return 0;
  }

  giveBack(caller: CallerConfig, kind: RateKind, amount: number): void {
    const bucket = this.#bucketOf(caller, kind);
    if (bucket !== null) bucket.level = Math.min(bucket.rate.most, bucket.level + amount);
  }

  async close(): Promise<void> {}

  #bucketOf({ name, rate: rates }: CallerConfig, kind: RateKind): Bucket | null {
    const rate = rates?.[kind];
    if (!rate) return null;
    const now = this.#now();
    const buckets = this.#buckets[kind];
    let bucket = buckets.get(name);
    if (bucket === undefined) buckets.set(name, (bucket = { level: rate.most, at: now, rate }));
    const { most, ms } = rate;
    bucket.level = Math.min(most, bucket.level + ((now - bucket.at) * most) / ms);
    bucket.at = now;
    bucket.rate = rate;
    return bucket;
  }
}
