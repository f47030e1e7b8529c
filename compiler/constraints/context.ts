import type { Constraint } from './constraint.ts';
import { keepWhere } from './constraint.ts';

/** Upper bound of the input plus the output cap must fit the context window: one row per distinct window, found by counting. */
export const context: Constraint = {
  axis: 'context',
  stage: 'RequestAnalyzer',
  role: 'filter',
  reason: 'context of `{target}` is {context} tokens, the request may need {need}',
  suggest: 'shorten the input, lower the output cap, or ask for a model with a larger context',
  table: (set) => {
    const windows = set.targets.map((target) => target.context).filter((tokens) => tokens !== null);
    if (windows.length === 0) return null;
    const thresholds = [...new Set(windows)].sort((a, b) => a - b);
    const rows = thresholds.map((tokens) => ({
      label: `up to ${tokens}`,
      keep: keepWhere(set, (target) => target.context === null || target.context >= tokens),
    }));
    rows.push({ label: 'more', keep: keepWhere(set, (target) => target.context === null) });
    return { kind: 'static', rows, index: { by: 'need', thresholds } };
  },
};
