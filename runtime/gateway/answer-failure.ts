import { writeError } from './answer-error.ts';
import type { Exchange } from './exchange.ts';
import { explainChoice } from './explain-choice.ts';
import { explainFailure } from './explain-failure.ts';
import { findShortestWait, toSeconds } from './find-shortest-wait.ts';
import type { GatewayError } from './gateway-error.ts';
import { addRouted } from './nexus-headers.ts';

/** Headers of a held answer that no longer fit a body which the redactor may have changed. */
const REMADE = ['content-length'];
/** Statuses that say: not now. */
const ASK_LATER = [429, 503];
/** What the backend says of waiting, where the gateway knows better. */
const WAITS = ['retry-after', 'retry-after-ms'];

/**
 * Answers with what the last target said: its own error, status and body untouched but for secrets, or an error of ours where it
 * said nothing that can be passed on.
 *
 * @returns that error of ours, null where the target spoke for itself.
 */
export function answerFailure(exchange: Exchange): GatewayError | null {
  const { gateway, response, router, routed } = exchange;
  const failure = exchange.lastFailure!;
  const { module, state } = router;
  const tried = module.exclude(state.live, exchange.excluded);
  const explanation = explainChoice(router, exchange.intent!, state.live, tried, exchange.id);
  const waitMs = findShortestWait(explanation, router, exchange.tried, gateway.queue.size);
  const headers: string[] = [];
  addRouted(headers, routed!, router, exchange.id, exchange.decisionMicros);
  const error = explainFailure(failure, routed!.route, router, explanation.intent, waitMs);
  if (error) {
    writeError(exchange, error, headers);
    return error;
  }
  if (failure.kind !== 'status') throw new Error('a failure without an answer must be explained');
  if (exchange.gone) return null;
  // The caller waits for whoever is back first, not for the one who happened to be asked last.
  const known = ASK_LATER.includes(failure.status) && Number.isFinite(waitMs) ? waitMs : null;
  const remade = known === null ? REMADE : [...REMADE, ...WAITS];
  for (let at = 0; at < failure.headers.length; at += 2) {
    if (!remade.includes(failure.headers[at])) headers.push(failure.headers[at], failure.headers[at + 1]);
  }
  const redacted = gateway.redactor.redactBytes(failure.body!);
  const body = failure.told === 'caller' ? redacted : exchange.route.errors.repeat(failure.status, redacted, exchange.id);
  headers.push('content-length', String(body.length));
  if (known !== null) headers.push('retry-after', String(toSeconds(known)));
  if (gateway.draining) headers.push('connection', 'close');
  response.writeHead(failure.status, headers).end(body);
  return null;
}
