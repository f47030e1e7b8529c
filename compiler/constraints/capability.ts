import { CAPABILITIES } from '../../schema/vocabulary.ts';
import type { Constraint } from './constraint.ts';
import { keepWhere, tabulate } from './constraint.ts';

/** A target must have every capability that the request needs. */
export const capability: Constraint = {
  axis: 'capability',
  stage: 'RequestAnalyzer',
  role: 'filter',
  reason: '`{target}` lacks {lacking}',
  suggest: 'ask for a model with {lacking}, or declare it under `capabilities` of `{model}` if it has it',
  table: (set) =>
    tabulate(set, ['required'], (required) => ({
      label: CAPABILITIES.filter((_, bit) => required & (1 << bit)).join(' ') || 'nothing',
      keep: keepWhere(set, (target) => (target.capabilities & required) === required),
    })),
};
