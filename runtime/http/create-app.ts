import swagger from '@fastify/swagger';
import type { IncomingMessage } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { authenticate } from '../auth/authenticate.ts';
import { refuseForeignHost } from '../auth/refuse-foreign-host.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import { admitRequest, refuseHeaders } from './admit-request.ts';
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
import { readBody } from './read-body.ts';
import './request-context.ts';
import { rollbackPolicy } from './rollback-policy.ts';
import { serveRoute } from './route.ts';

/** How often overdue requests are looked for, in ms. */
const OVERDUE = 1_000;
/** Most connections at once: bounds what bodies can hold. */
const CONNECTIONS = 8_192;

/** Every route of the server, described in `/openapi.json` by the same words that define it. */
export async function createApp(gateway: Gateway, version: string): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    requestTimeout: gateway.config.bodyTimeout,
    http: { headersTimeout: gateway.config.headerTimeout, connectionsCheckingInterval: OVERDUE },
    genReqId: makeRequestId,
    clientErrorHandler: answerClientError,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256 },
    exposeHeadRoutes: false,
    // What has no path reaches no hook.
    frameworkErrors: (error, request, reply) => void answerError(gateway, error, request, reply.header('x-request-id', request.id)),
  });
  app.server.maxConnections = CONNECTIONS;
  // All of them are seen, bounded by their size: too many are refused, not dropped.
  app.server.maxHeadersCount = 0;
  // Bodies stay bytes: they are read once, by the reader of requests, and passed on.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', (request: FastifyRequest, payload: IncomingMessage) => readBody(gateway, request, payload));
  app.setErrorHandler((error, request, reply) => answerError(gateway, error, request, reply));
  app.setNotFoundHandler((request) => {
    const message = `there is no \`${request.method} ${request.url.split('?')[0].slice(0, 128)}\` [unknown-url] help: GET /openapi.json lists what there is`;
    throw new GatewayError(404, 'invalid_request_error', 'unknown_url', message);
  });
  app.addHook('onRequest', (request, reply, done) => {
    request.arrived = performance.now();
    request.held = 0;
    request.router = gateway.cell.active;
    const { scope, proxied } = request.routeOptions.config;
    if (!proxied) reply.header('x-request-id', request.id);
    if (gateway.draining) reply.header('connection', 'close');
    refuseHeaders(gateway, request);
    if (request.router.manifest.callers.length === 0) refuseForeignHost(request.headers.host);
    // A route that names no scope is nobody's: only null opens one.
    request.caller =
      scope === null || request.is404
        ? request.router.manifest.callers.length
        : authenticate(request.router, request.headers.authorization, scope ?? 'admin');
    if (scope !== null) admitRequest(gateway, request, reply);
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
