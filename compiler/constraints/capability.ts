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
    tabulate(set, ['required'], (asked) => {
      const required = reachable(asked);
      return {
        label: CAPABILITIES.filter((_, bit) => required & (1 << bit)).join(' '),
        keep: keepWhere(set, (target) => (target.capabilities & required) === required),
      };
    }),
};

/** A request is for chat or for embeddings, never both or neither: other sets share the row of one that can be asked for. */
function reachable(required: number): number {
  if (required & EMBEDDINGS) return required & ~CHAT;
  return required | CHAT;
}

const CHAT = 1 << CAPABILITIES.indexOf('chat');
const EMBEDDINGS = 1 << CAPABILITIES.indexOf('embeddings');
