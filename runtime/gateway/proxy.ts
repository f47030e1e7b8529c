import type { FastifyReply, FastifyRequest } from 'fastify';
import { CODE } from '../../schema/decision.ts';
import type { Endpoint } from '../../schema/vocabulary.ts';
import { readRequestBody } from '../intent/request-body.ts';
import { countTokens } from '../intent/token-count.ts';
import { admitStream } from './admit-stream.ts';
import { answerFailure } from './answer-failure.ts';
import { type Choice, mustWait } from './choose.ts';
import { type Exchange, lastFailure } from './exchange.ts';
import { explainChoice } from './explain-choice.ts';
import { explainRejection } from './explain-rejection.ts';
import { findShortestWait } from './find-shortest-wait.ts';
import type { Gateway } from './gateway.ts';
import { formatMicros } from './nexus-headers.ts';
import { openExchange } from './open-exchange.ts';
import { readHints } from './read-hints.ts';
import { recordExchange } from './record-exchange.ts';
import { refuseProblem } from './refuse-problem.ts';
import { refuseWaiting } from './refuse-waiting.ts';
import { send } from './send.ts';
import { giveBack, hasPlace, tryTake } from './try-take.ts';
import { isRetryable } from './upstream-failure.ts';
import { waitForTarget } from './wait-for-target.ts';

/** Targets one request may be sent to. */
const ATTEMPTS = 8;

/** The one path of a request: read, analyze, decide, send, relay, record; the next target where one fails before its first byte. */
export async function proxy(gateway: Gateway, endpoint: Endpoint, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const exchange = openExchange(gateway, endpoint, request, reply);
  let problem: unknown = null;
  try {
    exchange.asked = readRequestBody(endpoint, request.body as Buffer);
    if (exchange.asked.stream) admitStream(gateway, exchange);
    exchange.tokens = countTokens(exchange.asked, gateway.memory);
    let choice = decide(gateway, exchange, request);
    for (;;) {
      if (mustWait(choice.code)) choice = await waitForTarget(gateway, exchange, choice);
      if (exchange.gone) return giveBack(exchange, choice);
      if (!hasPlace(choice)) return lastFailure(exchange) ? await answerFailure(gateway, exchange) : refuse(gateway, exchange, choice);
      const outcome = await send(gateway, exchange, choice);
      exchange.outcome = outcome;
      if (outcome.kind !== 'failed') return;
      const target = choice.code & CODE.TARGET;
      exchange.tried.push(target);
      const keyed = exchange.router.routes[target].backend.address.key !== null;
      if (!isRetryable(outcome.failure, keyed) || exchange.tried.length >= ATTEMPTS) return await answerFailure(gateway, exchange);
      choice = tryTake(exchange);
    }
  } catch (error) {
    problem = error;
    reply.header('x-nexus-decision-time', formatMicros(exchange.decisionMicros));
    throw error;
  } finally {
    if (exchange.gone && !reply.sent) reply.hijack();
    exchange.router.inFlight--;
    recordExchange(gateway, exchange, problem);
  }
}

/** Names to rows, then the decision, both measured: this is what the budget of 1 ms is for. */
function decide(gateway: Gateway, exchange: Exchange, request: FastifyRequest): Choice {
  const hints = readHints(request.headers);
  const start = performance.now();
  const intent = exchange.router.module.analyze(exchange.asked!.body, hints, exchange.caller, exchange.tokens!);
  const analyzed = performance.now();
  exchange.intent = intent;
  if (intent.problem !== 0) turnAway(exchange, analyzed - start);
  refuseProblem(intent.problem, exchange.asked!.body.model, hints);
  const choice = tryTake(exchange);
  const decided = performance.now();
  exchange.decisionMicros = (decided - start) * 1e3;
  exchange.router.tally.decided(exchange.decisionMicros);
  gateway.metrics.recordDecision(analyzed - start, decided - analyzed);
  if (gateway.log.isLevelEnabled('debug')) {
    const { intent: read, decision } = exchange.router.module.explain(intent, choice.live, choice.excluded, exchange.id);
    gateway.log.debug({ request_id: exchange.id, intent: read, decision }, 'decision');
  }
  return choice;
}

/** Its own names settled that there is nothing to decide. */
function turnAway(exchange: Exchange, ms: number): void {
  exchange.decisionMicros = ms * 1e3;
  exchange.router.tally.decided(exchange.decisionMicros);
  exchange.router.tally.rejected();
}

function refuse(gateway: Gateway, exchange: Exchange, choice: Choice): never {
  exchange.refused = true;
  exchange.router.tally.rejected();
  if (mustWait(choice.code)) throw refuseWaiting(gateway, exchange, choice.code);
  const explanation = explainChoice(exchange.router, exchange.intent!, choice.live, choice.excluded, exchange.id);
  gateway.metrics.recordExplanation(explanation);
  throw explainRejection(explanation, exchange.router, findShortestWait(explanation, exchange.router, [], gateway.queue.size));
}
