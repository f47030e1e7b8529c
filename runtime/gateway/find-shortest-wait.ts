import type { Explanation } from '../../schema/decision.ts';
import type { LiveRouter } from '../router/live-router.ts';

/**
 * Ms until the first of the targets may serve that only the scheduler keeps from it, or that this request has tried: what is left of
 * a rest or a cooldown, the next probe, or the queue's turn. Infinity where waiting does not help.
 *
 * @param waiting requests in the queue.
 */
export function findShortestWait(explanation: Explanation, router: LiveRouter, tried: readonly number[], waiting: number): number {
  let shortest = Number.POSITIVE_INFINITY;
  const look = (row: number): void => {
    const { backend, config } = router.routes[row];
    const { condition, waitMs } = backend.describe(config.upstream);
    shortest = Math.min(shortest, condition === 'full' ? waitMs * (waiting + 1) : waitMs);
  };
  for (const row of tried) look(row);
  for (const { stages } of explanation.links) {
    for (const { stage, excluded } of stages) if (stage === 'SchedulerReconciler') for (const { target } of excluded) look(target);
  }
  return shortest;
}

/** As `Retry-After` has it: whole seconds, at least one. */
export function toSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1e3));
}
