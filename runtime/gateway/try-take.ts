import { CODE } from '../../schema/decision.ts';
import { type Choice, choose, mustWait } from './choose.ts';
import type { Exchange } from './exchange.ts';
import { recordDecision } from './record-decision.ts';

/**
 * Decides, and takes a place in the chosen target where the decision is to route. One step without an await: nobody else can take
 * the place in between. Who gets a place must send, or give it back.
 *
 * @param begun `performance.now()` from which on the time of the decision counts.
 */
export function tryTake(exchange: Exchange, begun: number = performance.now()): Choice {
  const choice = choose(exchange.router, exchange.intent!, exchange.excluded);
  const now = performance.now();
  exchange.decidedAt = now;
  // Every release of a place asks all who wait: that they still do is no news.
  if (exchange.stopWaiting === null || !mustWait(choice.code)) recordDecision(exchange, choice, (now - begun) * 1e3, now);
  if (hasPlace(choice)) {
    const route = exchange.router.routes[choice.code & CODE.TARGET];
    route.backend.acquire(route.config.upstream);
  }
  return choice;
}

export function giveBack(exchange: Exchange, choice: Choice): void {
  if (!hasPlace(choice)) return;
  const route = exchange.router.routes[choice.code & CODE.TARGET];
  route.backend.release(route.config.upstream);
}

export function hasPlace(choice: Choice): boolean {
  return choice.code !== CODE.REJECT && !mustWait(choice.code);
}
