import { CODE } from '../../schema/decision.ts';
import { admitTokens, drawTokens } from './admit-rate.ts';
import type { Choice } from './choose.ts';
import type { Exchange } from './exchange.ts';
import { offerShadow } from './record-decision.ts';
import { readHints } from './read-hints.ts';
import { refuseProblem } from './refuse-problem.ts';
import { traceDecision } from './trace-request.ts';
import { tryTake } from './try-take.ts';

/**
 * Names to rows, then the decision, both measured: this is what the budget of 1 ms is for.
 *
 * @returns null where a count that it depends on is left open (`RequestTokens.pending`), or its caller's rate has to be asked for
 * (`Exchange.drawn`): nothing is decided then, and nothing recorded.
 * @throws GatewayError where the request's own names settle that there is nothing to decide.
 */
export function decide(exchange: Exchange): Choice | null {
  const { gateway, router } = exchange;
  const { tally } = router;
  const { body } = exchange.asked!;
  const hints = readHints(exchange.request.headers);
  const start = performance.now();
  const intent = router.module.analyze(body, hints, exchange.caller, exchange.tokens!);
  const analyzed = performance.now();
  if (exchange.tokens!.pending !== null) return null;
  exchange.intent = intent;
  if (intent.problem !== 0) {
    exchange.decisionMicros = (analyzed - start) * 1e3;
    tally.decided(exchange.decisionMicros);
    tally.rejected();
    offerShadow(exchange, CODE.REJECT, -1);
    refuseProblem(intent.problem, body.model, hints);
  }
  if ((exchange.drawn = drawTokens(exchange)) !== null) return null;
  admitTokens(exchange);
  const choice = tryTake(exchange, start);
  // What is written down of it is not part of it.
  const decided = exchange.decidedAt;
  exchange.decisionMicros = (decided - start) * 1e3;
  tally.decided(exchange.decisionMicros);
  if (exchange.span !== null) traceDecision(exchange, choice, start);
  gateway.metrics.recordDecision(analyzed - start, decided - analyzed);
  if (gateway.log.isLevelEnabled('debug')) {
    const { intent: read, decision } = router.module.explain(intent, choice.live, choice.excluded, exchange.id);
    gateway.log.debug({ request_id: exchange.id, intent: read, decision }, 'decision');
  }
  return choice;
}
