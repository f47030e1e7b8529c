import { CODE } from '../../schema/decision.ts';
import { type Choice, peek } from './choose.ts';
import type { Exchange } from './exchange.ts';
import { hasPlace, tryTake } from './try-take.ts';

/**
 * Waits where the decision is to queue. A loading target is waited for as long as it is estimated to need where another could stand
 * in, else as long as its first token may take; full ones for the configured time.
 *
 * @returns a choice with a place taken, or with code REJECT, or the one that still says to wait where waiting did not help.
 */
export async function waitForTarget(exchange: Exchange, queued: Choice): Promise<Choice> {
  const { gateway } = exchange;
  const begun = performance.now();
  const attempt = (): Choice | null => {
    const choice = tryTake(exchange);
    return hasPlace(choice) || choice.code === CODE.REJECT ? choice : null;
  };
  const wait = (ms: number): Promise<Choice | null> => gateway.queue.wait(attempt, ms, (cancel) => (exchange.stopWaiting = cancel));
  let found: Choice | null;
  if ((queued.code & CODE.FULL) !== 0) found = await wait(gateway.config.queueWait);
  else {
    const loading = queued.code & CODE.TARGET;
    const standIn = hasPlace(peek(exchange.router, exchange.intent!, [...exchange.excluded, loading]));
    const { firstToken } = exchange.router.routes[loading].backend.config.timeouts;
    found = await wait(standIn ? estimateWait(exchange, queued) : firstToken);
    if (found === null && standIn && !exchange.gone) {
      exchange.tried.push(loading);
      exchange.excluded.push(loading);
      found = tryTake(exchange);
    }
  }
  exchange.stopWaiting = null;
  exchange.waitedMs += performance.now() - begun;
  return found ?? queued;
}

function estimateWait({ gateway, router, intent, id }: Exchange, queued: Choice): number {
  const { decision } = router.module.explain(intent!, queued.live, queued.excluded, id);
  const estimate = decision.decision === 'queue' ? decision.estimated_wait_ms : gateway.config.queueWait;
  return Math.min(gateway.config.queueWait, estimate);
}
