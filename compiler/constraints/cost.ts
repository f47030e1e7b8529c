import type { Constraint, PriceClass } from './constraint.ts';
import { packRows } from '../plan/pack-rows.ts';
import { keepWhere } from './constraint.ts';

/** Estimated cost over the lower of the policy's and the category's cap: one cost per distinct price pair. */
export const cost: Constraint = {
  axis: 'cost',
  stage: 'BudgetReconciler',
  role: 'filter',
  reason: '`{target}` is estimated at {cost}, the cap is {cap}',
  suggest: 'shorten the request or lower its output cap, ask for a cheaper model, or raise `max_cost_per_request` at {place}',
  table: (set) => {
    const capped = set.policies.some((policy) => policy.maxCost !== null) || set.categories.some((category) => category.maxCost !== null);
    if (!capped || set.targets.length === 0) return null;
    const { rows, add } = packRows<PriceClass>((row) => `${row.input}/${row.output}`);
    for (const { price } of set.targets) {
      const { input, output, source } = price;
      add({
        label: source === 'unknown' ? 'unknown' : input === 0 && output === 0 ? 'free' : `$${input / 1e6} / $${output / 1e6}`,
        input,
        output,
        keep: keepWhere(set, (target) => target.price.input === input && target.price.output === output),
      });
    }
    return { kind: 'price', classes: rows };
  },
};
