import type { PolicySet } from '../../schema/policy-set.ts';
import { type MetricsSnapshot, TARGET_STATE, type TargetMetrics, UNMEASURED } from '../../schema/snapshot.ts';

/** Small, seeded, the same everywhere: xorshift32 (Marsaglia, J. Stat. Soft. 8(14), 2003). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Nothing measured, everything ready. */
export const restState = (set: PolicySet): MetricsSnapshot => ({
  epoch: 1,
  targets: set.targets.map(() => UNMEASURED),
  budgets: set.budgets.map(() => 0),
});

/** Any measurements, any budgets, every target ready, down, full or loading. */
export function randomState(set: PolicySet, random: () => number): MetricsSnapshot {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const target = (): TargetMetrics => {
    const ttft = pick([0, 50, 300, 900, 4_000, 70_000]);
    return {
      error_rate_1h: pick([0, 0, 0.02, 0.2, 1]),
      avg_ttft_ms: ttft,
      success_rate_24h: pick([1, 1, 0.98, 0.5]),
      ttft_ms: { p50: ttft, p90: ttft * 2, p95: ttft * 3, p99: ttft * 5 },
      ms_per_token: pick([0, 1, 10, 40]),
      latency_ema_ms: pick([0, 0, 120, 800, 9_000]),
      load: pick([0, 0.25, 0.5, 1]),
      state: pick([0, 0, 0, TARGET_STATE.DOWN, TARGET_STATE.FULL, TARGET_STATE.LOADING]),
    };
  };
  return { epoch: 1 + Math.floor(random() * 1e6), targets: set.targets.map(target), budgets: set.budgets.map(() => pick([0, 0, 1, 2])) };
}

/** Every measured floor is missed: decisions then show what happens where floors give way. */
export const brokenState = (state: MetricsSnapshot): MetricsSnapshot => ({
  ...state,
  targets: state.targets.map((target) => ({
    ...target,
    error_rate_1h: 1,
    success_rate_24h: 0,
    avg_ttft_ms: 1e9,
    ttft_ms: { p50: 1e9, p90: 1e9, p95: 1e9, p99: 1e9 },
    ms_per_token: 1e6,
  })),
});

/** All subsets of up to ten targets down; above that every single failure, and as many random ones. */
export function liveMasks(
  set: PolicySet,
  random: () => number,
): { readonly masks: readonly (readonly number[])[]; readonly whole: boolean } {
  const size = set.targets.length;
  if (size <= 10) {
    const masks = Array.from({ length: 2 ** size }, (_, bits) => set.targets.map((_, target) => (bits >> target) & 1));
    return { masks, whole: true };
  }
  const single = set.targets.map((_, down) => set.targets.map((_, target) => Number(target === down)));
  const random_ = Array.from({ length: 64 }, () => set.targets.map(() => Number(random() < 0.5)));
  return { masks: [...single, ...random_], whole: false };
}
