import type { Constraint } from './constraint.ts';
import { keepWhere, tabulate } from './constraint.ts';

/** Capability tier under the policy's `min_tier`. */
export const tier: Constraint = {
  axis: 'tier',
  stage: 'TierReconciler',
  role: 'tier floor',
  reason: '`{target}` is tier {tier}, policy `{policy}` asks for tier {minTier}',
  suggest: 'send `X-Nexus-Flexible: true` if the policy allows fallback, or lower `min_tier` at {place}',
  table: (set) =>
    tabulate(set, ['policy'], (policy) => ({
      label: `tier ${set.policies[policy]!.minTier} and up`,
      keep: keepWhere(set, (target) => target.tier >= set.policies[policy]!.minTier),
    })),
};
