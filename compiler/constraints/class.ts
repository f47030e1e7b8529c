import type { Constraint } from './constraint.ts';
import { keepWhere, tabulate } from './constraint.ts';

/** A class narrows virtual models only: whoever names a model gets that model. */
export const taskClass: Constraint = {
  axis: 'class',
  stage: 'RequestAnalyzer',
  role: 'filter',
  reason: '`{target}` is not a candidate of class `{class}`',
  suggest: 'add `{model}` to the candidates of class `{class}`, or send another `X-Nexus-Class`',
  table: (set) =>
    tabulate(set, ['model', 'class'], (model, row) => {
      const { name, candidates } = set.classes[row]!;
      if (candidates === null || !set.models[model]!.virtual) return { label: 'any', keep: keepWhere(set, () => true) };
      const members = new Set(candidates);
      return { label: name, keep: keepWhere(set, (_, target) => members.has(target)) };
    }),
};
