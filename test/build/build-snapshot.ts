import type { PolicySet } from '../../schema/policy-set.ts';
import { type MetricsSnapshot, type TargetMetrics, UNMEASURED } from '../../schema/snapshot.ts';
import { BUDGET_STATUSES, type BudgetStatus } from '../../schema/vocabulary.ts';

/** The state in which nothing was measured, nothing is down and nothing is spent, but for what is given by row. */
export function buildSnapshot(
  set: PolicySet,
  targets: Readonly<Record<number, Partial<TargetMetrics>>> = {},
  budgets: Readonly<Record<number, BudgetStatus>> = {},
): MetricsSnapshot {
  return {
    epoch: 0,
    targets: set.targets.map((_, row) => ({ ...UNMEASURED, ...targets[row] })),
    budgets: set.budgets.map((_, row) => BUDGET_STATUSES.indexOf(budgets[row] ?? 'Normal')),
  };
}
