import type { PolicySet } from '../../schema/policy-set.ts';
import type { Constraint } from './constraint.ts';
import { keepWhere, tabulate } from './constraint.ts';

/** Declared quality under the category's floor, absolute or relative to the best candidate of the model. */
export const quality: Constraint = {
  axis: 'quality',
  stage: 'QualityReconciler',
  role: 'quality floor',
  reason: 'quality of `{target}` is {quality}, category `{category}` asks for more',
  suggest: 'send an easier `X-Nexus-Category`, or lower `min_quality` of category `{category}`',
  table: (set) => {
    const relative = set.categories.some((category) => category.relativeQuality !== null);
    if (!relative) return tabulate(set, ['category'], (category) => rowOf(set, category, 0));
    return tabulate(set, ['model', 'category'], (model, category) => rowOf(set, category, bestOf(set, model)));
  },
};

const bestOf = (set: PolicySet, model: number): number =>
  set.models[model]!.candidates.reduce((best, target) => Math.max(best, set.targets[target]!.quality), 0);

function rowOf(set: PolicySet, row: number, best: number) {
  const { name, minQuality, relativeQuality } = set.categories[row]!;
  return {
    label: name || 'no category',
    keep: keepWhere(
      set,
      ({ quality }) =>
        (minQuality === null || quality >= minQuality) && (relativeQuality === null || quality * 1e6 >= relativeQuality * best),
    ),
  };
}
