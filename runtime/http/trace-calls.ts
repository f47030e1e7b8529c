import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import { readTraceparent } from '../telemetry/read-traceparent.ts';

/**
 * A span for every call of a route that asks for a scope; proxied routes have their own (`gateway/trace-request.ts`). What the call leads to
 * finds it as the request's `traceparent`. Nothing is added where nobody asked for traces.
 */
export function traceCalls(app: FastifyInstance, gateway: Gateway): void {
  app.decorateRequest('span', null);
  const { tracer } = gateway;
  if (tracer === null) return;
  app.addHook('onRequest', (request, _reply, done) => {
    const { config, url } = request.routeOptions;
    if (config.proxied === undefined && config.scope !== null) {
      const parent = readTraceparent(request.headers.traceparent);
      const route = url ?? 'unknown path';
      const attributes = {
        'http.request.method': request.method,
        'http.route': route,
        'url.path': request.url.split('?')[0],
        'url.scheme': 'http',
        'policyd.request_id': request.id,
      };
      request.span = tracer.startSpan(`${request.method} ${route}`, parent, attributes, 'server');
      request.headers.traceparent = request.span.traceparent;
    }
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { span, router, caller } = request;
    if (span !== null) {
      span.set({ 'http.response.status_code': reply.statusCode, 'policyd.caller': router?.manifest.callers[caller]?.name });
      span.end(reply.statusCode >= 500 ? String(reply.statusCode) : null);
    }
    done();
  });
}
