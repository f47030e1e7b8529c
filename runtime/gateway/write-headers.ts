import type { Backend } from '../backends/backend.ts';
import type { Span } from '../telemetry/tracer.ts';
import type { Exchange } from './exchange.ts';

/** `00-<trace id>-<parent id>-<flags>`. Source: https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/**
 * Made anew for every attempt from what may go out: neither the caller's key nor another backend's can be among it.
 *
 * @param span of the call; null where nobody asked for traces: then the caller's own goes on.
 */
export function writeHeaders(exchange: Exchange, backend: Backend, own: readonly string[], span: Span | null): string[] {
  const headers = [
    'content-type',
    'application/json',
    'accept-encoding',
    'identity',
    'user-agent',
    'policyd',
    'x-request-id',
    exchange.id,
    'accept',
    exchange.asked!.stream ? 'text/event-stream' : 'application/json',
  ];
  const { traceparent, tracestate } = exchange.request.headers;
  if (span !== null) headers.push('traceparent', span.traceparent);
  else if (typeof traceparent === 'string' && TRACEPARENT.test(traceparent)) headers.push('traceparent', traceparent);
  if (typeof tracestate === 'string' && TRACESTATE.test(tracestate)) headers.push('tracestate', tracestate);
  for (const part of own) headers.push(part);
  const { key } = backend.address;
  if (key !== null) for (const part of backend.dialect.authorize(key)) headers.push(part);
  return headers;
}
