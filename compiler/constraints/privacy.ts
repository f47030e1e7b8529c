import type { Constraint } from './constraint.ts';
import { keepWhere, tabulate } from './constraint.ts';

/** Restricted traffic keeps to backends of zone `restricted`. */
export const privacy: Constraint = {
  axis: 'privacy',
  stage: 'PrivacyReconciler',
  role: 'filter',
  reason: '`{target}` is in zone `open`, policy `{policy}` is restricted',
  suggest: 'bring up a backend of zone `restricted` that serves `{resolved}`, or change `privacy` at {place}',
  table: (set) =>
    tabulate(set, ['policy'], (policy) => ({
      label: set.policies[policy]!.privacy,
      keep: keepWhere(
        set,
        (target) => set.policies[policy]!.privacy === 'unrestricted' || set.backends[target.backend]!.zone === 'restricted',
      ),
    })),
};
