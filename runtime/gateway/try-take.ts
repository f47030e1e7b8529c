import { CODE } from '../../schema/decision.ts';
import { type Choice, choose, mustWait } from './choose.ts';
import type { Exchange } from './exchange.ts';

/**
 * Decides, and takes a place in the chosen target where the decision is to route. One step without an await: nobody else can take
 * the place in between. Who gets a place must send, or give it back.
 */
export function tryTake(exchange: Exchange): Choice {
  const choice = choose(exchange.router, exchange.intent!, exchange.tried);
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
