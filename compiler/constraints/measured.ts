import type { Constraint, MeasuredRow } from './constraint.ts';
import { packRows } from '../plan/pack-rows.ts';

/** Measured floors of the policy: error rate, success rate, time to first token. */
export const measured: Constraint = {
  axis: 'measured',
  stage: 'QualityReconciler',
  role: 'quality floor',
  reason: '`{target}` measures {measurements}, beyond what policy `{policy}` allows',
  suggest: 'wait until it recovers, or relax the measured floors at {place}',
  table: (set) => {
    const { rows, add } = packRows<MeasuredRow>((row) => `${row.maxErrorRate} ${row.minSuccessRate} ${row.maxTtft}`);
    const index = set.policies.map(({ maxErrorRate, minSuccessRate, maxTtft }) =>
      add({
        label: `errors <= ${maxErrorRate ?? 'any'}, success >= ${minSuccessRate ?? 'any'}, first token <= ${maxTtft ?? 'any'} ms`,
        maxErrorRate: maxErrorRate === null ? null : maxErrorRate / 1e6,
        minSuccessRate: minSuccessRate === null ? null : minSuccessRate / 1e6,
        maxTtft,
        firstToken: null,
        total: null,
        at: 'p50',
        expected: 0,
      }),
    );
    if (rows.every((row) => row.maxErrorRate === null && row.minSuccessRate === null && row.maxTtft === null)) return null;
    return { kind: 'measured', rows, index: { by: ['policy'], rows: index } };
  },
};
