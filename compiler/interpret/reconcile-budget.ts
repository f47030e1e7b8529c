import type { Budget, PolicySet } from '../../schema/policy-set.ts';
import { BUDGET_STATUSES } from '../../schema/vocabulary.ts';
import { priceText } from './price-call.ts';
import type { Analyzed } from './question.ts';
import type { Trial } from './trial.ts';

/** BudgetReconciler: the estimate stays under the cap (axis `cost`), and no budget in scope blocks the target (`budget`). */
export function reconcileBudget(trial: Trial, target: number): 'cost' | 'budget' | null {
  const { costCap } = trial.asked;
  if (costCap !== null && estimateCost(trial, target) > costCap) return 'cost';
  if (trial.budgets.some((row) => blocks(trial, row, target))) return 'budget';
  return null;
}

/** Is any budget of this request, on whatever backend, at its soft limit or above? Then local targets go first. */
export function isSoftLimited(trial: Trial): boolean {
  return trial.budgets.some((row) => statusOf(trial, row) !== 'Normal');
}

/** Pico-dollars that the whole request is expected to cost on this target: input once, output for every answer. */
function estimateCost({ set, asked }: Trial, target: number): number {
  const { price } = set.targets[target];
  return priceText(price, asked.inputTokens, asked.output * asked.answers);
}

function blocks(trial: Trial, row: number, target: number): boolean {
  const { hardLimitAction, scope } = trial.set.budgets[row];
  const { backend } = trial.set.targets[target];
  if (statusOf(trial, row) !== 'HardLimit') return false;
  if (scope.backend !== null && scope.backend !== backend) return false;
  return hardLimitAction === 'block_all' || (hardLimitAction === 'block_cloud' && trial.set.backends[backend].cloud);
}

/** Rows of the budgets whose scope holds for this request on a link; which backend it goes to is another question. */
export function budgetsInScope(set: PolicySet, asked: Analyzed, model: number): number[] {
  const { team } = set.callers[asked.caller];
  const isInScope = ({ scope }: Budget) =>
    (scope.category === null || scope.category === asked.category) &&
    (scope.class === null || scope.class === asked.class) &&
    (scope.key === null || scope.key === asked.caller) &&
    (scope.team === null || scope.team === team) &&
    (scope.model === null || scope.model === model);
  return set.budgets.flatMap((budget, row) => (isInScope(budget) ? [row] : []));
}

function statusOf({ state }: Trial, row: number): (typeof BUDGET_STATUSES)[number] {
  return BUDGET_STATUSES[state.budgets[row]];
}
