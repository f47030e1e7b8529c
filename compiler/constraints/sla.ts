import type { Constraint, MeasuredRow } from './constraint.ts';
import { packRows } from '../plan/pack-rows.ts';

/** Expected latency over the SLA of the policy, else of the category. Expected = time to first token + expected tokens × time per token. */
export const sla: Constraint = {
  axis: 'sla',
  stage: 'QualityReconciler',
  role: 'quality floor',
  reason: '`{target}` is expected to take {latency}, over SLA `{sla}`',
  suggest: 'wait until it is faster, or choose a looser SLA at {place}',
  table: (set) => {
    const { rows, add } = packRows<MeasuredRow>(
      (row) => `${row.firstToken} ${row.total} ${row.at} ${row.total === null ? 0 : row.expected}`,
    );
    const index: number[] = [];
    for (const policy of set.policies) {
      for (const category of set.categories) {
        const chosen = set.slas[policy.sla ?? category.sla ?? -1];
        index.push(
          add({
            label: chosen?.name ?? 'none',
            maxErrorRate: null,
            minSuccessRate: null,
            maxTtft: null,
            firstToken: chosen?.firstToken ?? null,
            total: chosen?.total ?? null,
            at: chosen?.at ?? 'p50',
            expected: Math.min(set.classifier.expectedOutputTokens, category.maxOutputTokens ?? Number.POSITIVE_INFINITY),
          }),
        );
      }
    }
    if (rows.every((row) => row.firstToken === null && row.total === null)) return null;
    return { kind: 'measured', rows, index: { by: ['policy', 'category'], rows: index } };
  },
};
