import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance } from 'fastify';
import { authenticate } from '../auth/authenticate.ts';
import { refuseForeignHost } from '../auth/refuse-foreign-host.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import { answerClientError } from './answer-client-error.ts';
import { answerError } from './answer-error.ts';
import { serveChatCompletions } from './chat-completions.ts';
import { serveEmbeddings } from './embeddings.ts';
import { serveHealth } from './health.ts';
import { makeRequestId } from './make-request-id.ts';
import { serveMetrics } from './metrics.ts';
import { serveModels } from './models.ts';
import { servePolicy } from './policy.ts';
import { putPolicy } from './put-policy.ts';
import './request-context.ts';
import { rollbackPolicy } from './rollback-policy.ts';
import { serveRoute } from './route.ts';

/** Longest time the headers and body of a request may take to arrive, in ms. */
const ARRIVAL = 60_000;
/** Most connections at once: bounds what bodies can hold. */
const CONNECTIONS = 8_192;

/** Every route of the server, described in `/openapi.json` by the same words that define it. */
export async function createApp(gateway: Gateway, version: string): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    bodyLimit: gateway.config.bodyLimit,
    requestTimeout: ARRIVAL,
    genReqId: makeRequestId,
    clientErrorHandler: answerClientError,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256 },
    exposeHeadRoutes: false,
    // What has no path reaches no hook.
    frameworkErrors: (error, request, reply) => void answerError(gateway, error, request, reply.header('x-request-id', request.id)),
  });
  app.server.maxConnections = CONNECTIONS;
  // Bodies stay bytes: they are read once, by the reader of requests, and passed on.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => answerError(gateway, error, request, reply));
  app.setNotFoundHandler((request) => {
    const message = `there is no \`${request.method} ${request.url.split('?')[0].slice(0, 128)}\` [unknown-url] help: GET /openapi.json lists what there is`;
    throw new GatewayError(404, 'invalid_request_error', 'unknown_url', message);
  });
  app.addHook('onRequest', (request, reply, done) => {
    request.arrived = performance.now();
    request.router = gateway.cell.active;
    const { scope, proxied } = request.routeOptions.config;
    if (!proxied) reply.header('x-request-id', request.id);
    if (gateway.draining) reply.header('connection', 'close');
    if (request.router.manifest.callers.length === 0) refuseForeignHost(request.headers.host);
    // A route that names no scope is nobody's: only null opens one.
    request.caller =
      scope === null || request.is404
        ? request.router.manifest.callers.length
        : authenticate(request.router, request.headers.authorization, scope ?? 'admin');
    done();
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'policyd', version, description: 'an OpenAI-compatible gateway that routes by a compiled policy' },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
  });
  serveChatCompletions(app, gateway);
  serveEmbeddings(app, gateway);
  serveModels(app);
  serveRoute(app, gateway);
  servePolicy(app, gateway);
  putPolicy(app, gateway);
  rollbackPolicy(app, gateway);
  serveHealth(app, gateway);
  serveMetrics(app, gateway);
  app.get('/openapi.json', { config: { scope: null }, schema: { hide: true } }, () => app.swagger());
  await app.ready();
  return app;
}
