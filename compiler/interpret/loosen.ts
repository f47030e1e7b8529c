import type { PolicySet } from '../../schema/policy-set.ts';

/** The policy without the constraints that may be observed before they are enforced: caps of cost, floors of quality, SLAs. */
export function loosen(set: PolicySet): PolicySet {
  return {
    ...set,
    policies: set.policies.map((policy) => ({
      ...policy,
      maxCost: null,
      sla: null,
      maxErrorRate: null,
      minSuccessRate: null,
      maxTtft: null,
    })),
    categories: set.categories.map((category) => ({ ...category, minQuality: null, relativeQuality: null, maxCost: null, sla: null })),
  };
}
