import type { IngressError } from '../ingress/ingress.ts';
import { auditRefusal } from './audit-refusal.ts';
import { discardBody } from './discard-body.ts';
import type { Exchange } from './exchange.ts';
import type { Gateway } from './gateway.ts';
import { type GatewayError, isFinal } from './gateway-error.ts';
import { addNoBackend } from './nexus-headers.ts';
import { toGatewayError } from './to-gateway-error.ts';

/** The error as the caller is told, and what the gateway knows beside it. No key stands in either. */
export function describeError(
  gateway: Gateway,
  known: GatewayError,
  requestId: string,
): { readonly error: IngressError; readonly extra: Record<string, unknown> } {
  const { status, type, param, code, context, reasons } = known;
  const error = { status, message: gateway.redactor.redact(known.message), type, param, code, requestId };
  return { error, extra: { ...(context === null ? {} : { context }), ...(reasons === null ? {} : { rejection_reasons: reasons }) } };
}

/** The one place where an error of a proxied route becomes an answer. Does not throw. */
export function answerError(exchange: Exchange, problem: unknown): void {
  const known = toGatewayError(exchange.gateway, problem, exchange.id);
  auditRefusal(exchange, known);
  const headers: string[] = [];
  addNoBackend(headers, exchange.router, exchange.id, exchange.decisionMicros);
  writeError(exchange, known, headers);
}

/** The same with the headers of the backend that failed. */
export function writeError(exchange: Exchange, known: GatewayError, headers: string[]): void {
  const { gateway, response, request } = exchange;
  // Nobody hears it; or, by a fault of ours, an answer has begun that can only be broken off.
  if (exchange.gone || response.headersSent) {
    response.destroy();
    return;
  }
  const { error, extra } = describeError(gateway, known, exchange.id);
  const body = Buffer.from(gateway.redactor.redact(exchange.route.errors.write(error, extra).toString('utf8')));
  const own = Object.entries(known.headers);
  if (isFinal(known.status) && known.headers['x-should-retry'] === undefined) own.push(['x-should-retry', 'false']);
  own.push(['content-type', 'application/json; charset=utf-8'], ['content-length', String(body.length)]);
  if (gateway.draining) own.push(['connection', 'close']);
  for (const [name, value] of own) headers.push(name, value);
  const write = (): void => {
    if (!exchange.gone) response.writeHead(known.status, headers).end(body);
  };
  if (known.status === 413 || known.code === 'overloaded') void discardBody(request).then(write);
  else write();
}
