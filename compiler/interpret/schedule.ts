import { TARGET_STATE } from '../../schema/snapshot.ts';
import type { Trial } from './trial.ts';

/** State bits that take a target out. One that is loading stays in. */
export const OUT_OF_SERVICE = TARGET_STATE.DOWN | TARGET_STATE.FULL;

/** SchedulerReconciler: the target is in service (axis `live`) and was not tried or refused before (`excluded`). */
export function schedule({ state, excluded, outOfService }: Trial, target: number): 'live' | 'excluded' | null {
  if ((state.targets[target].state & outOfService) !== 0) return 'live';
  if (excluded.has(target)) return 'excluded';
  return null;
}
