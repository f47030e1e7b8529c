import type { Price } from '../../schema/price.ts';
import type { Constraint, PriceClass } from './constraint.ts';
import { packRows } from '../plan/pack-rows.ts';
import { keepWhere } from './constraint.ts';

/** Estimated cost over the lower of the policy's and the category's cap: one cost per distinct price. */
export const cost: Constraint = {
  axis: 'cost',
  stage: 'BudgetReconciler',
  role: 'filter',
  reason: '`{target}` is estimated at {cost}, the cap is {cap}',
  suggest: 'shorten the request or lower its output cap, ask for a cheaper model, or raise `max_cost_per_request` at {place}',
  table: (set) => {
    const capped = set.policies.some((policy) => policy.maxCost !== null) || set.categories.some((category) => category.maxCost !== null);
    if (!capped || set.targets.length === 0) return null;
    const { rows, add } = packRows<PriceClass>(({ steps }) => steps.join(' '));
    for (const { price } of set.targets) {
      const steps = stepsOf(price);
      const own = steps.join(' ');
      add({ label: labelOf(price), steps, keep: keepWhere(set, (target) => stepsOf(target.price).join(' ') === own) });
    }
    return { kind: 'price', classes: rows };
  },
};

/** What text costs by length of the prompt; a tier that changes neither price is none. */
function stepsOf({ input, output, tiers = [] }: Price): PriceClass['steps'] {
  const all = [{ above: 0, input, output }, ...tiers];
  return all
    .filter((tier, at) => at === 0 || tier.input !== all[at - 1].input || tier.output !== all[at - 1].output)
    .map((tier) => [tier.above, tier.input, tier.output] as const);
}

function labelOf(price: Price): string {
  if (price.source === 'unknown') return 'unknown';
  const [[, input, output], ...longer] = stepsOf(price);
  const more = longer.map(([above, up, out]) => `, $${up / 1e6} / $${out / 1e6} above ${above}`).join('');
  return input === 0 && output === 0 && longer.length === 0 ? 'free' : `$${input / 1e6} / $${output / 1e6}${more}`;
}
