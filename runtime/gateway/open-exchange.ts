import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Endpoint } from '../../schema/vocabulary.ts';
import { authenticate } from '../auth/authenticate.ts';
import type { Exchange } from './exchange.ts';
import type { Gateway } from './gateway.ts';

/** `00-<trace id>-<parent id>-<flags>`. Source: https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/**
 * Begins a request's way: it counts as in flight in its router until `proxy` ends, and notices when its caller leaves.
 *
 * @throws GatewayError 401 or 403 where its router was dropped while its body arrived, and the one that serves now knows no such caller.
 */
export function openExchange(gateway: Gateway, endpoint: Endpoint, request: FastifyRequest, reply: FastifyReply): Exchange {
  if (request.router.closed) {
    request.router = gateway.cell.active;
    request.caller = authenticate(request.router, request.headers.authorization, request.routeOptions.config.scope ?? 'admin');
  }
  const { traceparent, tracestate } = request.headers;
  const exchange: Exchange = {
    id: request.id,
    endpoint,
    router: request.router,
    reply,
    caller: request.caller,
    arrived: request.arrived,
    traceparent: typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : null,
    tracestate: typeof tracestate === 'string' && TRACESTATE.test(tracestate) ? tracestate : null,
    asked: null,
    tokens: null,
    intent: null,
    decisionMicros: 0,
    tried: [],
    waitedMs: 0,
    routed: null,
    outcome: null,
    refused: false,
    gone: false,
    cancel: () => {},
  };
  exchange.router.inFlight++;
  // A chunk that meets a socket just gone is the caller's end, told by `close`; without a listener it would be the server's.
  reply.raw.on('error', () => {});
  reply.raw.once('close', () => {
    if (reply.raw.writableFinished) return;
    exchange.gone = true;
    exchange.cancel();
  });
  return exchange;
}
