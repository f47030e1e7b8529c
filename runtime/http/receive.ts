import type { IncomingMessage, ServerResponse } from 'node:http';
import { readKey } from '../auth/read-key.ts';
import { knownCaller } from '../auth/known-caller.ts';
import { refuseForeignHost } from '../auth/refuse-foreign-host.ts';
import { admitRate, drawRate } from '../gateway/admit-rate.ts';
import { answerError } from '../gateway/answer-error.ts';
import { chooseSide } from '../gateway/choose-side.ts';
import { Exchange } from '../gateway/exchange.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { beginTrace } from '../gateway/trace-request.ts';
import { proxy } from '../gateway/proxy.ts';
import type { ProxiedRoute } from '../gateway/proxied-route.ts';
import { admitRequest, refuseHeaders } from './admit-request.ts';
import { readBody } from './read-body.ts';
import { refuseMediaType } from './refuse-media-type.ts';

const NOTHING = (): void => {};

/**
 * Everything that is asked of a request for a backend before `proxy` gets its body, in this order; the same is asked of other requests
 * by the hook in `create-app.ts`. Plain requests and responses, since a framework's own cost more than a decision.
 */
export function receive(gateway: Gateway, route: ProxiedRoute, request: IncomingMessage, response: ServerResponse, id: string): void {
  const exchange = new Exchange(gateway, route, request, response, id);
  if (gateway.tracer !== null) beginTrace(exchange);
  // A chunk that meets a socket just gone is the caller's end, told by `close`; without a listener it would be the server's.
  response.on('error', NOTHING);
  response.on('close', () => exchange.close());
  try {
    refuseHeaders(gateway, request);
    if (exchange.router.manifest.callers.length === 0) refuseForeignHost(request.headers.host);
    exchange.caller = knownCaller(exchange.router, request.socket, readKey(request), route.scope);
    const drawn = drawRate(gateway, exchange.router, exchange.caller);
    if (drawn === null) enter(exchange);
    else void drawn.then(() => tryEnter(exchange));
  } catch (error) {
    answerError(exchange, error);
  }
}

/** What its caller's rate has to say was asked of other processes. */
function tryEnter(exchange: Exchange): void {
  try {
    if (exchange.gone) exchange.close();
    else enter(exchange);
  } catch (error) {
    answerError(exchange, error);
  }
}

function enter(exchange: Exchange): void {
  const { gateway, request } = exchange;
  admitRate(gateway, exchange.router, exchange.caller);
  chooseSide(exchange);
  admitRequest(gateway);
  exchange.admitted = true;
  refuseMediaType(request);
  readBody(gateway, exchange, request, (error, body) => {
    // What a caller that left has sent is nobody's.
    if (exchange.gone) exchange.close();
    else if (body === null) answerError(exchange, error);
    else proxy(exchange, body);
  });
}
