import { type Exchange, lastFailure } from './exchange.ts';
import { explainFailure } from './explain-failure.ts';
import { explainChoice } from './explain-choice.ts';
import { findShortestWait, toSeconds } from './find-shortest-wait.ts';
import type { Gateway } from './gateway.ts';
import { describeRouted } from './nexus-headers.ts';

/** Headers of a held answer that no longer fit a body which the redactor may have changed. */
const REMADE = new Set(['content-length']);
/** Statuses that say: not now. */
const ASK_LATER = [429, 503];

/**
 * Answers with what the last target said: its own error, status and body untouched but for secrets, or an error of ours where it
 * said nothing that can be passed on.
 */
export async function answerFailure(gateway: Gateway, exchange: Exchange): Promise<void> {
  const { reply, router, routed } = exchange;
  const failure = lastFailure(exchange)!;
  const { module, state } = router;
  const tried = module.exclude(state.live, exchange.tried);
  const explanation = explainChoice(router, exchange.intent!, state.live, tried, exchange.id);
  const waitMs = findShortestWait(explanation, router, exchange.tried, gateway.queue.size);
  const known = describeRouted(routed!, router, exchange.id, exchange.decisionMicros);
  for (let at = 0; at < known.length; at += 2) reply.header(known[at], known[at + 1]);
  const error = explainFailure(failure, routed!.route, router, explanation.intent, waitMs);
  if (error) throw error;
  if (failure.kind !== 'status') throw new Error('a failure without an answer must be explained');
  for (let at = 0; at < failure.headers.length; at += 2) {
    if (!REMADE.has(failure.headers[at])) reply.header(failure.headers[at], failure.headers[at + 1]);
  }
  // The caller waits for whoever is back first, not for the one who happened to be asked last.
  if (ASK_LATER.includes(failure.status) && Number.isFinite(waitMs)) {
    reply.header('retry-after', String(toSeconds(waitMs))).removeHeader('retry-after-ms');
  }
  await reply.code(failure.status).send(gateway.redactor.redactBytes(failure.body!));
}
