import type { IncomingMessage } from 'node:http';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';

/** Header lines of one request. Node would drop those beyond its own limit in silence, and a lost hint changes a decision. */
const HEADERS = 200;

/** @throws GatewayError 431 where a request has too many headers. */
export function refuseHeaders(gateway: Gateway, request: IncomingMessage): void {
  const count = request.rawHeaders.length / 2;
  if (count <= HEADERS) return;
  gateway.metrics.recordRefusal('header-count');
  const message = `${count} headers are more than ${HEADERS} [header-limit] help: send less`;
  throw new GatewayError(431, 'invalid_request_error', 'headers_too_large', message);
}

/**
 * Counts a request; whoever calls it gives it back when the answer is over.
 *
 * @throws GatewayError 503 where there are too many at once.
 */
export function admitRequest(gateway: Gateway): void {
  if (gateway.admission.enter()) return;
  gateway.metrics.recordRefusal('requests');
  const most = gateway.config.maxRequests;
  const message = `${most} requests are being served [request-limit] help: retry in a second, or raise \`--max-requests\``;
  throw new GatewayError(503, 'service_unavailable', 'overloaded', message, { headers: { 'retry-after': '1' } });
}
