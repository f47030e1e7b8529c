import type { Trial } from './trial.ts';

/** PrivacyReconciler: restricted traffic stays in the restricted zone. */
export function reconcilePrivacy({ set, policy }: Trial, target: number): 'privacy' | null {
  const { zone } = set.backends[set.targets[target].backend];
  return policy.privacy === 'restricted' && zone !== 'restricted' ? 'privacy' : null;
}
