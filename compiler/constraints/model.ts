import type { Constraint } from './constraint.ts';
import { tabulate } from './constraint.ts';

/** Candidates: the targets that serve the model, or, for a virtual model, those its globs match. */
export const model: Constraint = {
  axis: 'model',
  stage: 'RequestAnalyzer',
  role: 'filter',
  reason: '`{target}` does not serve `{resolved}`',
  suggest: 'ask for a model that it serves, or add `{resolved}` to its models',
  table: (set) =>
    tabulate(set, ['model'], (row) => {
      const { name, candidates } = set.models[row]!;
      const members = new Set(candidates);
      return { label: name, keep: set.targets.map((_, target) => members.has(target)) };
    }),
};
