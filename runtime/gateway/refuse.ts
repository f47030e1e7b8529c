import { type Choice, mustWait } from './choose.ts';
import type { Exchange } from './exchange.ts';
import { explainChoice } from './explain-choice.ts';
import { explainRejection } from './explain-rejection.ts';
import { explainUnpaid } from './explain-unpaid.ts';
import { findBudgetWait } from './find-budget-wait.ts';
import { findShortestWait } from './find-shortest-wait.ts';
import { refuseWaiting } from './refuse-waiting.ts';

/** @throws GatewayError that says why no target takes it. */
export function refuse(exchange: Exchange, choice: Choice): never {
  const { gateway, router } = exchange;
  exchange.refused = true;
  router.tally.rejected();
  if (mustWait(choice.code)) throw refuseWaiting(exchange, choice.code);
  const explanation = explainUnpaid(exchange, explainChoice(router, exchange.intent!, choice.live, choice.excluded, exchange.id));
  gateway.metrics.recordExplanation(explanation);
  const wait = Math.min(findShortestWait(explanation, router, [], gateway.queue.size), findBudgetWait(exchange, explanation));
  throw explainRejection(explanation, router, wait);
}
