import type { PolicySet } from '../../../schema/policy-set.ts';
import { BUDGET_STATUSES } from '../../../schema/vocabulary.ts';
import type { Given, GivenMetrics } from '../policy-test.ts';
import { nameTarget } from '../rows-named.ts';

/** Up to so many targets, every pair of them that is left alone is a state. */
const WHOLE = 24;

/**
 * States in which a policy and its mutants can differ, simple ones first: backends and targets down, loading, full; budgets at their
 * limits; measurements around every threshold, its double and its half, for all targets and for one.
 *
 * A decision takes the lowest of link, floors relaxed and rank: two routers that agree on every target alone and on every two agree on
 * every set of them. So pairs stand for all that can be up, down or full.
 */
export function statesFor(set: PolicySet): { readonly states: readonly Given[]; readonly isWhole: boolean } {
  const backends = set.backends.map(({ name }) => name);
  const targets = set.targets.map((_, row) => nameTarget(set, row));
  const isWhole = targets.length <= WHOLE;
  const but = (name: string, names: readonly string[]): string[] => names.filter((other) => other !== name);
  const each = <Value>(names: readonly string[], make: (name: string) => Value): Value[] => names.map(make);
  const measured = (names: readonly string[], metrics: GivenMetrics): Given => ({
    metrics: Object.fromEntries(names.map((name) => [name, metrics])),
  });
  const states: Given[] = [
    {},
    ...each(backends, (name) => ({ down: [name] })),
    ...each(backends, (name) => ({ down: but(name, backends) })),
    ...set.budgets.flatMap(({ name }) => BUDGET_STATUSES.slice(1).map((status) => ({ budgets: { [name]: status } }))),
    ...each(targets, (name) => ({ down: [name] })),
    ...each(targets, (name) => ({ down: but(name, targets) })),
    ...each(targets, (name) => ({ loading: [name] })),
    ...each(targets, (name) => ({ full: [name] })),
    { full: backends },
    ...set.budgets.flatMap(({ name }) =>
      BUDGET_STATUSES.slice(1).flatMap((status) => each(backends, (down) => ({ budgets: { [name]: status }, down: [down] }))),
    ),
    ...thresholdsOf(set).map((metrics) => measured(backends, metrics)),
    measured(backends, BROKEN),
    ...each(targets, (name) => measured([name], BROKEN)),
    ...each(targets, (name) => measured(but(name, targets), BROKEN)),
    ...each(targets, (name) => measured([name], { latency_ema_ms: 20 })),
    ...each(targets, (name) => measured([name], { load: 0.95 })),
    ...each(targets, (name) => measured([name], { success_rate_24h: 0.5 })),
  ];
  if (isWhole) {
    targets.forEach((one, row) => {
      for (const two of targets.slice(row + 1)) states.push({ down: targets.filter((name) => name !== one && name !== two) });
    });
  }
  return { states, isWhole };
}

/** Misses every measured floor. */
const BROKEN: GivenMetrics = {
  error_rate_1h: 1,
  success_rate_24h: 0,
  avg_ttft_ms: 1e6,
  ttft_ms: { p50: 1e6, p90: 1e6, p95: 1e6, p99: 1e6 },
};

/** Around every measured threshold: below it, above it, and a first token that is quick for most and slow for a few. */
function thresholdsOf({ slas, policies }: PolicySet): GivenMetrics[] {
  const given = (values: readonly (number | null)[]): number[] => [...new Set(values.filter((value) => value !== null))];
  const times = given([...slas.flatMap(({ firstToken, total }) => [firstToken, total]), ...policies.map(({ maxTtft }) => maxTtft)]);
  const even = (ms: number): GivenMetrics => ({ avg_ttft_ms: ms, ttft_ms: { p50: ms, p90: ms, p95: ms, p99: ms } });
  return [
    ...times.flatMap((ms) => [even(ms * 0.75), even(ms * 1.5), { ttft_ms: { p50: ms * 0.4, p90: ms * 0.7, p95: ms * 1.5, p99: ms * 5 } }]),
    ...given(policies.map(({ maxErrorRate }) => maxErrorRate)).flatMap((micros) =>
      [0.75, 1.5].map((times) => ({ error_rate_1h: Math.min(1, (micros * times) / 1e6) })),
    ),
    ...given(policies.map(({ minSuccessRate }) => minSuccessRate)).flatMap((micros) =>
      [0.75, 1].map((times) => ({ success_rate_24h: Math.min(1, (micros * times) / 1e6) })),
    ),
  ];
}
