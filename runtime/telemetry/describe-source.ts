import type { WaitQueue } from '../gateway/wait-queue.ts';
import type { PolicyCell } from '../router/policy-cell.ts';
import type { PolicyControl } from '../router/policy-control.ts';
import type { MetricsSource } from './metrics.ts';

/** What the gauges show, taken from the objects that know. */
export function describeSource(cell: PolicyCell, policy: PolicyControl, queue: WaitQueue): MetricsSource {
  const age = (since: Date): number => (Date.now() - since.getTime()) / 1e3;
  return {
    backends: () => cell.active.backends,
    waiting: () => queue.size,
    policies: () => [
      { state: 'active', hash: cell.active.hash },
      ...(cell.previous === null ? [] : [{ state: 'previous' as const, hash: cell.previous.hash }]),
    ],
    policyAge: () => ({ loaded: age(cell.active.loadedAt), verified: age(policy.freshness.verifiedAt) }),
  };
}
