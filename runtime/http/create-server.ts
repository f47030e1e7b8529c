import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import type { Gateway } from '../gateway/gateway.ts';
import { allowOrigin } from './allow-origin.ts';
import { makeRequestId } from './make-request-id.ts';
import { isStreamUpgrade } from './take-upgrades.ts';
import { PROXIED_ROUTES } from './proxied-routes.ts';
import { receive } from './receive.ts';

/** How often overdue requests are looked for, in ms. */
const OVERDUE = 1_000;
/** Most connections at once: bounds what bodies can hold. */
const CONNECTIONS = 8_192;
/** How long a connection may wait for its next request, in ms: longer than the 60 s of common load balancers, so that they close first. */
const KEEP_ALIVE = 72_000;

const BY_PATH = new Map(PROXIED_ROUTES.map((route) => [route.path, route]));

/**
 * The one server. Requests for backends go straight to `receive`; every other one, and those whose path is spelled in another way, to
 * `listener`, which finds them by its own means.
 */
export function createServer(gateway: Gateway, listener: RequestListener): Server {
  const { bodyTimeout, headerTimeout } = gateway.config;
  const options = {
    requestTimeout: bodyTimeout,
    // Node refuses one beyond the whole request's, which ends it anyway.
    headersTimeout: Math.min(headerTimeout, bodyTimeout),
    connectionsCheckingInterval: OVERDUE,
    keepAliveTimeout: KEEP_ALIVE,
    shouldUpgradeCallback: isStreamUpgrade,
  };
  const origins = gateway.config.corsOrigins === null ? null : new Set(gateway.config.corsOrigins);
  const server = createHttpServer(options, (request, response) => {
    if (origins !== null && request.headers.origin !== undefined && allowOrigin(origins, request, response)) return;
    const route = request.method === 'POST' ? BY_PATH.get(request.url!) : undefined;
    if (route === undefined) listener(request, response);
    else receive(gateway, route, request, response, makeRequestId(request));
  });
  server.maxConnections = CONNECTIONS;
  // All of them are seen, bounded by their size: too many are refused, not dropped.
  server.maxHeadersCount = 0;
  return server;
}
