import { CODE } from '../../schema/decision.ts';
import type { Route } from '../router/live-router.ts';
import { nameProvider } from '../telemetry/name-provider.ts';
import { readTraceparent } from '../telemetry/read-traceparent.ts';
import type { Span, SpanAttributes } from '../telemetry/tracer.ts';
import type { Choice } from './choose.ts';
import type { Exchange } from './exchange.ts';
import type { Outcome } from './outcome.ts';
import type { Usage } from '../../schema/usage.ts';

/** Begins the span of a request for a backend. Its traces are asked for. */
export function beginTrace(exchange: Exchange): void {
  const { gateway, route, request, id, arrived } = exchange;
  const attributes = {
    'http.request.method': 'POST',
    'http.route': route.path,
    'url.path': route.path,
    'url.scheme': 'http',
    'policyd.request_id': id,
  };
  const parent = readTraceparent(request.headers.traceparent);
  exchange.span = gateway.tracer!.startSpan(`POST ${route.path}`, parent, attributes, 'server', arrived);
}

/** The answer is over, or its caller left. */
export function endTrace(exchange: Exchange, span: Span): void {
  const { router, caller, intent, response, gone, tried, waitedMs } = exchange;
  const status = response.headersSent ? response.statusCode : 499;
  span.set({
    'http.response.status_code': status,
    'policyd.caller': router.manifest.callers[caller]?.name,
    'policyd.policy': router.hash,
    'policyd.rule': intent === null ? null : router.manifest.policies[intent.policy]?.name,
    'policyd.category': intent === null ? null : router.manifest.categories[intent.category],
    'policyd.attempts': tried.length + (exchange.outcome !== null && exchange.outcome.kind !== 'failed' ? 1 : 0),
    'policyd.waited_ms': Math.round(waitedMs),
    ...(gone ? { 'policyd.caller_left': true } : {}),
  });
  span.end(status >= 500 ? String(status) : null);
}

/** A step that is over: since `started`, a moment of `performance.now()`. */
export function traceStep(exchange: Exchange, name: string, started: number, attributes: SpanAttributes, ended?: number): void {
  exchange.gateway.tracer!.startSpan(name, exchange.span!.context, attributes, 'internal', started).end(null, ended);
}

export function traceDecision(exchange: Exchange, { code, live }: Choice, started: number): void {
  const isRejected = code === CODE.REJECT;
  const attributes = {
    'policyd.decision': isRejected ? 'reject' : (code & (CODE.LOADING | CODE.FULL)) !== 0 ? 'queue' : 'route',
    'policyd.target': isRejected ? null : exchange.router.routes[code & CODE.TARGET].name,
    'policyd.epoch': live.epoch,
    'policyd.decision_us': Math.round(exchange.decisionMicros * 10) / 10,
  };
  traceStep(exchange, 'decide', started, attributes, exchange.decidedAt);
}

/** Begins the span of a call to a backend, by the conventions for generative AI. */
export function beginAttemptTrace(exchange: Exchange, route: Route, started: number): Span {
  const { config } = route.backend;
  const operation = exchange.route.endpoint === 'embeddings' ? 'embeddings' : 'chat';
  const { hostname, port, protocol } = new URL(config.url);
  const attributes = {
    'gen_ai.operation.name': operation,
    'gen_ai.provider.name': nameProvider(config.type),
    'gen_ai.request.model': route.config.upstream,
    'gen_ai.request.stream': exchange.asked!.stream,
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
    'policyd.backend': config.name,
    'policyd.target': route.name,
    'policyd.zone': config.zone,
    'policyd.attempt': exchange.tried.length + 1,
  };
  return exchange.gateway.tracer!.startSpan(`${operation} ${route.config.upstream}`, exchange.span!.context, attributes, 'client', started);
}

export function endAttemptTrace(span: Span, outcome: Outcome, usage: Usage | null): void {
  if (usage !== null) {
    span.set({
      'gen_ai.usage.input_tokens': usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h,
      'gen_ai.usage.output_tokens': usage.output,
      'gen_ai.usage.cache_read.input_tokens': usage.cacheRead || null,
      'gen_ai.usage.reasoning.output_tokens': usage.reasoning || null,
    });
  }
  if (outcome.kind === 'answered') {
    span.set({ 'http.response.status_code': outcome.status });
    span.end(outcome.cut === null ? null : 'cut');
  } else if (outcome.kind === 'aborted') span.end('aborted');
  else {
    const { failure } = outcome;
    if (failure.kind === 'status') span.set({ 'http.response.status_code': failure.status });
    span.end(failure.kind === 'status' ? String(failure.status) : failure.kind);
  }
}
