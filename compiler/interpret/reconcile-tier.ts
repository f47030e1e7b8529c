import type { Trial } from './trial.ts';

/** TierReconciler, read strictly: the target's tier is the policy's or higher. */
export function reconcileTier({ set, policy }: Trial, target: number): 'tier' | null {
  return set.targets[target].tier < policy.minTier ? 'tier' : null;
}
