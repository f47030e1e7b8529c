import fc from 'fast-check';
import type { PolicySet } from '../../schema/policy-set.ts';
import { type MetricsSnapshot, TARGET_STATE, type TargetMetrics, UNMEASURED } from '../../schema/snapshot.ts';
import { BUDGET_STATUSES } from '../../schema/vocabulary.ts';

const share = fc.oneof(fc.constantFrom(0, 0.05, 0.5, 0.99, 1), fc.double({ min: 0, max: 1, noNaN: true }));
const milliseconds = fc.oneof(fc.constantFrom(0, 0.5, 1, 250, 800, 801, 5_000), fc.double({ min: 0, max: 60_000, noNaN: true }));
const state = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.constantFrom(TARGET_STATE.DOWN, TARGET_STATE.FULL, TARGET_STATE.LOADING) },
  { weight: 1, arbitrary: fc.nat(TARGET_STATE.DOWN | TARGET_STATE.FULL | TARGET_STATE.LOADING) },
);
const measured: fc.Arbitrary<TargetMetrics> = fc.record({
  error_rate_1h: share,
  avg_ttft_ms: milliseconds,
  success_rate_24h: share,
  ttft_ms: fc.record({ p50: milliseconds, p90: milliseconds, p95: milliseconds, p99: milliseconds }),
  ms_per_token: fc.oneof(fc.constantFrom(0, 1, 2, 10), fc.double({ min: 0, max: 50, noNaN: true })),
  latency_ema_ms: milliseconds,
  load: share,
  state,
});
const unmeasured: fc.Arbitrary<TargetMetrics> = state.map((bits) => ({ ...UNMEASURED, state: bits }));

/** Any state of this policy's targets and budgets; now and then everything is out. */
export function anySnapshot(set: PolicySet): fc.Arbitrary<MetricsSnapshot> {
  const count = set.targets.length;
  const targets = (metrics: fc.Arbitrary<TargetMetrics>) => fc.array(metrics, { minLength: count, maxLength: count, size: 'max' });
  const out = fc
    .constantFrom(TARGET_STATE.DOWN, TARGET_STATE.FULL, TARGET_STATE.FULL | TARGET_STATE.LOADING)
    .map((bits) => ({ ...UNMEASURED, state: bits }));
  return fc.record({
    epoch: fc.nat(1_000),
    targets: fc.oneof(
      { weight: 8, arbitrary: targets(fc.oneof(unmeasured, measured)) },
      { weight: 1, arbitrary: targets(unmeasured) },
      { weight: 1, arbitrary: targets(out) },
    ),
    budgets: fc.array(fc.nat(BUDGET_STATUSES.length - 1), { minLength: set.budgets.length, maxLength: set.budgets.length, size: 'max' }),
  });
}
