import type { PolicySet } from '../../schema/policy-set.ts';
import type { BudgetScope, Constraint, Coordinate } from './constraint.ts';
import { packRows } from '../plan/pack-rows.ts';
import { keepWhere, sizeOf } from './constraint.ts';

/** Budgets in scope at their hard limit take out cloud targets (`block_cloud`) or all (`block_all`). */
export const budget: Constraint = {
  axis: 'budget',
  stage: 'BudgetReconciler',
  role: 'filter',
  reason: 'budget {budgets} is spent',
  suggest: 'wait for the next period, or raise its `limit_usd`',
  table: (set) => {
    if (set.budgets.length === 0) return null;
    const by = coordinatesOf(set);
    const { rows, add } = packRows<BudgetScope>((row) => row.label);
    const index: number[] = [];
    const walk = (at: Partial<Record<Coordinate, number>>, depth: number): void => {
      if (depth === by.length) {
        const inScope = set.budgets.map((_, row) => row).filter((row) => covers(set, row, at));
        index.push(
          add({
            label: inScope.map((row) => set.budgets[row]!.name).join(' ') || 'none',
            budgets: inScope.map((row) => ({ budget: row, blocks: blocked(set, row) })),
          }),
        );
        return;
      }
      const coordinate = by[depth]!;
      for (let i = 0; i < sizeOf(set, coordinate); i++) walk({ ...at, [coordinate]: i }, depth + 1);
    };
    walk({}, 0);
    return { kind: 'budget', scopes: rows, index: { by, rows: index } };
  },
};

/** Only the coordinates that some budget's scope names. */
function coordinatesOf(set: PolicySet): Coordinate[] {
  const named: Coordinate[] = [];
  if (set.budgets.some(({ scope }) => scope.category !== null)) named.push('category');
  if (set.budgets.some(({ scope }) => scope.class !== null)) named.push('class');
  if (set.budgets.some(({ scope }) => scope.key !== null || scope.team !== null)) named.push('caller');
  if (set.budgets.some(({ scope }) => scope.model !== null)) named.push('model');
  return named;
}

function covers(set: PolicySet, row: number, at: Partial<Record<Coordinate, number>>): boolean {
  const { scope } = set.budgets[row]!;
  return (
    (scope.category === null || scope.category === at.category) &&
    (scope.class === null || scope.class === at.class) &&
    (scope.key === null || scope.key === at.caller) &&
    (scope.team === null || scope.team === set.callers[at.caller!]!.team) &&
    (scope.model === null || scope.model === at.model)
  );
}

function blocked(set: PolicySet, row: number): boolean[] {
  const { scope, hardLimitAction } = set.budgets[row]!;
  return keepWhere(set, (target) => {
    if (scope.backend !== null && scope.backend !== target.backend) return false;
    if (hardLimitAction === 'warn') return false;
    return hardLimitAction === 'block_all' || set.backends[target.backend]!.cloud;
  });
}
