import type { Constraint } from './constraint.ts';

/** Targets that are down or full are out; loading ones stay, and make the decision a Queue. */
export const live: Constraint = {
  axis: 'live',
  stage: 'SchedulerReconciler',
  role: 'filter',
  reason: '`{target}` is {state}',
  suggest: '{remedy}',
  table: () => ({ kind: 'live' }),
};
