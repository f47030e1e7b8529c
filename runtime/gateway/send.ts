import { CODE } from '../../schema/decision.ts';
import { choose } from './choose.ts';
import type { Choice } from './choose.ts';
import { describeChoice, type Exchange } from './exchange.ts';
import type { Gateway } from './gateway.ts';
import { describeRouted } from './nexus-headers.ts';
import { recordAttempt } from './record-attempt.ts';
import { type Outcome, Relay } from './relay.ts';

/** A decision is explained this often at most, in ms, for the exclusions by stage in the metrics; the backend works meanwhile. */
const SAMPLE = 100;
const NOTHING = (): void => {};

/** Sends the request to the target that was chosen, whose place is already taken, and passes its answer on. */
export async function send(gateway: Gateway, exchange: Exchange, choice: Choice): Promise<Outcome> {
  const { router, reply } = exchange;
  const route = router.routes[choice.code & CODE.TARGET];
  const { backend, config } = route;
  const { raw } = reply;
  const intent = exchange.intent!;
  const dialect = backend.dialect!;
  const cap =
    exchange.endpoint === 'chat' && (intent.capSource === 1 || (intent.capSource === 2 && route.priced)) ? intent.outputCap : null;
  const started = performance.now();
  const relay = new Relay({
    raw,
    timeouts: backend.config.timeouts,
    backendName: backend.config.name,
    secret: backend.address.key,
    hasAlternative: () => choose(router, { ...intent }, [...exchange.tried, route.row]).code !== CODE.REJECT,
    begin() {
      backend.reportAnswer(config.upstream, started);
      reply.hijack();
      const headers = describeRouted(exchange.routed!, router, exchange.id, exchange.decisionMicros);
      if (gateway.draining) headers.push('connection', 'close');
      return headers;
    },
  });
  // Bound, not a closure: with one, whole requests outlived young collections (measured; see Why in runtime/README.md).
  exchange.cancel = relay.abort.bind(relay);
  try {
    const call = dialect.write(exchange.endpoint, exchange.asked!, config, cap);
    backend.pool!.dispatch(
      {
        method: 'POST',
        path: backend.address.prefix + call.path,
        headers: writeHeaders(exchange, call.headers, backend.address.key === null ? [] : dialect.authorize(backend.address.key)),
        body: call.body,
      },
      relay,
    );
    exchange.routed = describeChoice(exchange, choice, route, cap);
    if (started >= gateway.sampleFrom) {
      gateway.sampleFrom = started + SAMPLE;
      gateway.metrics.recordExplanation(router.module.explain(intent, choice.live, choice.excluded, exchange.id));
    }
    const outcome = await relay.outcome;
    recordAttempt(gateway, exchange, outcome, started);
    return outcome;
  } finally {
    relay.abort();
    // What is over must not lead to what is: chains of requests would survive until the next full collection, each of them copied.
    exchange.cancel = NOTHING;
    backend.release(config.upstream, started);
  }
}

/** Made anew for every attempt from what may go out: neither the caller's key nor another backend's can be among it. */
function writeHeaders(exchange: Exchange, own: readonly string[], authorization: readonly string[]): string[] {
  const headers = ['content-type', 'application/json', 'accept-encoding', 'identity', 'user-agent', 'policyd', 'x-request-id', exchange.id];
  headers.push('accept', exchange.asked!.stream ? 'text/event-stream' : 'application/json');
  if (exchange.traceparent !== null) headers.push('traceparent', exchange.traceparent);
  if (exchange.tracestate !== null) headers.push('tracestate', exchange.tracestate);
  for (const part of own) headers.push(part);
  for (const part of authorization) headers.push(part);
  return headers;
}
