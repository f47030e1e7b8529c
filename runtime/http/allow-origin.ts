import type { IncomingMessage, ServerResponse } from 'node:http';
import { makeRequestId } from './make-request-id.ts';

/** What a page may read of an answer beside its body. */
const EXPOSED = [
  'x-nexus-backend',
  'x-nexus-backend-type',
  'x-nexus-route-reason',
  'x-nexus-privacy-zone',
  'x-nexus-cost-estimated',
  'x-nexus-policy',
  'x-nexus-decision-time',
  'x-nexus-warning',
  'x-nexus-rejection-reasons',
  'x-request-id',
  'x-should-retry',
  'retry-after',
  'idempotent-replayed',
  'etag',
].join(', ');
const METHODS = 'GET, POST, PUT, PATCH, DELETE';
/** Seconds for which a browser need not ask again. */
const REMEMBER = '600';
/** Names of headers that a page wants to send: any, as long as they are names. */
const NAMES = /^[\w!#$%&'*+.^`|~-]+(?: *, *[\w!#$%&'*+.^`|~-]+)*$/;
const LONGEST = 1_024;

/**
 * Lets pages of an allowed origin read the answer, and answers what a browser asks before it sends a request for them. Keys are sent by
 * the page itself: credentials of the browser never are allowed. Other origins get no header, and so no answer that they could read.
 *
 * @returns whether the request is answered.
 */
export function allowOrigin(origins: ReadonlySet<string>, request: IncomingMessage, response: ServerResponse): boolean {
  const { origin } = request.headers;
  // No browser sends one without `Origin` here: it must not guess what an answer is.
  response.setHeader('vary', 'origin').setHeader('x-content-type-options', 'nosniff');
  const isAllowed = origins.has(origin!);
  if (isAllowed) response.setHeader('access-control-allow-origin', origin!).setHeader('access-control-expose-headers', EXPOSED);
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
  const asked = request.headers['access-control-request-headers'];
  if (isAllowed) {
    response.setHeader('access-control-allow-methods', METHODS).setHeader('access-control-max-age', REMEMBER);
    if (asked !== undefined && asked.length <= LONGEST && NAMES.test(asked)) response.setHeader('access-control-allow-headers', asked);
  }
  response.writeHead(204, { 'x-request-id': makeRequestId(request) }).end();
  return true;
}
