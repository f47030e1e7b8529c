import type { PolicySet } from '../../schema/policy-set.ts';
import { type MetricsSnapshot, TARGET_STATE, type TargetMetrics, UNMEASURED } from '../../schema/snapshot.ts';
import { BUDGET_STATUSES } from '../../schema/vocabulary.ts';
import type { Given } from './policy-test.ts';
import { rowsNamed } from './rows-named.ts';

const STATES = { down: TARGET_STATE.DOWN, full: TARGET_STATE.FULL, loading: TARGET_STATE.LOADING } as const;

/** The snapshot that a test's `given` describes. Names that mean nothing change nothing: they are findings already. */
export function givenState(set: PolicySet, given: Given = {}): MetricsSnapshot {
  const targets: TargetMetrics[] = set.targets.map(() => UNMEASURED);
  for (const [name, { ttft_ms, ...measured }] of Object.entries(given.metrics ?? {})) {
    for (const row of rowsNamed(set, name)) {
      targets[row] = { ...targets[row], ...measured, ttft_ms: { ...targets[row].ttft_ms, ...ttft_ms } };
    }
  }
  for (const [kind, bit] of Object.entries(STATES)) {
    for (const name of given[kind as keyof typeof STATES] ?? []) {
      for (const row of rowsNamed(set, name)) targets[row] = { ...targets[row], state: targets[row].state | bit };
    }
  }
  const budgets = set.budgets.map(({ name }) => BUDGET_STATUSES.indexOf(given.budgets?.[name] ?? 'Normal'));
  return { epoch: 1, targets, budgets };
}
