import swagger from '@fastify/swagger';
import type { IncomingMessage } from 'node:http';
import Fastify, { type FastifyContextConfig, type FastifyInstance, type FastifyRequest } from 'fastify';
import { authenticate } from '../auth/authenticate.ts';
import { readKey } from '../auth/read-key.ts';
import { refuseForeignHost } from '../auth/refuse-foreign-host.ts';
import { admitRate, drawRate } from '../gateway/admit-rate.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import { admitRequest, refuseHeaders } from './admit-request.ts';
import { auditCalls } from './audit-calls.ts';
import { serveAudit } from './audit.ts';
import { answerClientError } from './answer-client-error.ts';
import { answerError } from './answer-error.ts';
import { serveBudgets } from './budgets.ts';
import { serveCoordination } from './coordination/coordination.ts';
import { serveCountTokens } from './count-tokens.ts';
import { comparePolicies } from './compare-policies.ts';
import { serveCalibration } from './calibration.ts';
import { createServer } from './create-server.ts';
import { serveDashboard } from './dashboard.ts';
import { describeAnswers } from './describe-answers.ts';
import { describeProxiedRoutes } from './describe-proxied.ts';
import { serveDecisions } from './decisions.ts';
import { explainDecision } from './explain-decision.ts';
import { serveFrontier } from './frontier.ts';
import { serveHealth } from './health.ts';
import { hardenHeaders } from './harden-headers.ts';
import { makeRequestId } from './make-request-id.ts';
import { serveMcpOverHttp } from './mcp.ts';
import { serveMetrics } from './metrics.ts';
import { serveModels } from './models.ts';
import { serveOllamaLists } from './ollama-lists.ts';
import { serveOrchestrator } from './orchestrator/orchestrator.ts';
import { servePolicy } from './policy.ts';
import { putCanary } from './put-canary.ts';
import { putPolicy } from './put-policy.ts';
import { readBody } from './read-body.ts';
import { receive } from './receive.ts';
import './request-context.ts';
import { rollbackPolicy } from './rollback-policy.ts';
import { serveRoute } from './route.ts';
import { traceCalls } from './trace-calls.ts';
import { serveShadow } from './shadow.ts';

/** Every route of the server, described in `/openapi.json` by the same words that define it. */
export async function createApp(gateway: Gateway, version: string): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    serverFactory: (listener) => createServer(gateway, listener),
    genReqId: makeRequestId,
    clientErrorHandler: (error, socket) => answerClientError(gateway, error, socket),
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256 },
    exposeHeadRoutes: false,
    // What has no path reaches no hook.
    frameworkErrors: (error, request, reply) => void answerError(gateway, error, request, reply.header('x-request-id', request.id)),
  });
  // Bodies stay bytes: they are read once, by the reader of requests, and passed on.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', (request: FastifyRequest, payload: IncomingMessage, done) =>
    readBody(gateway, request, payload, done),
  );
  app.setErrorHandler((error, request, reply) => answerError(gateway, error, request, reply));
  app.setNotFoundHandler((request) => {
    const message = `there is no \`${request.method} ${request.url.split('?')[0].slice(0, 128)}\` [unknown-url] help: GET /openapi.json lists what there is`;
    throw new GatewayError(404, 'invalid_request_error', 'unknown_url', message);
  });
  await hardenHeaders(app);
  traceCalls(app, gateway);
  auditCalls(app, gateway);
  app.addHook('onRequest', (request, reply, done) => {
    const { scope, proxied, counted } = request.routeOptions.config;
    if (proxied) {
      reply.hijack();
      receive(gateway, proxied, request.raw, reply.raw, request.id);
      return;
    }
    request.held = 0;
    request.router = gateway.cell.active;
    reply.header('x-request-id', request.id);
    if (gateway.draining) reply.header('connection', 'close');
    refuseHeaders(gateway, request.raw);
    if (request.router.manifest.callers.length === 0) refuseForeignHost(request.headers.host);
    // A route that names no scope is nobody's: only null opens one.
    request.caller =
      scope === null || request.is404
        ? request.router.manifest.callers.length
        : authenticate(request.router, readKey(request.raw), scope ?? 'admin');
    const admit = (): void => {
      if (scope === null) return;
      admitRate(gateway, request.router, request.caller);
      if (counted === false) return;
      admitRequest(gateway);
      reply.raw.once('close', () => {
        gateway.admission.leave();
        gateway.admission.release(request.held);
        request.held = 0;
      });
    };
    const drawn = scope === null ? null : drawRate(gateway, request.router, request.caller);
    if (drawn === null) {
      admit();
      done();
    } else drawn.then(admit).then(() => done(), done);
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'policyd',
        version,
        description: 'a gateway for the APIs of OpenAI, Anthropic and Ollama that routes by a compiled policy',
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    },
    // Which scope it takes, by the very word that is checked; what names none takes `admin`, and null takes no key.
    transform: ({ schema, url, route }) => {
      const { scope, proxied } = (route.config ?? {}) as FastifyContextConfig;
      const security = scope === null ? [] : [{ key: [scope ?? (proxied ? 'llm:invoke' : 'admin')] }];
      return { schema: { security, ...describeAnswers(schema, url, route.config ?? {}) }, url };
    },
  });
  describeProxiedRoutes(app);
  serveModels(app);
  serveCountTokens(app, gateway);
  serveOllamaLists(app, version);
  serveRoute(app, gateway);
  servePolicy(app, gateway);
  putPolicy(app, gateway);
  rollbackPolicy(app, gateway);
  putCanary(app, gateway);
  serveShadow(app, gateway);
  serveDecisions(app, gateway);
  explainDecision(app, gateway);
  comparePolicies(app, gateway);
  serveFrontier(app);
  serveBudgets(app, gateway);
  serveAudit(app, gateway);
  serveCalibration(app, gateway);
  await serveCoordination(app, gateway);
  await serveOrchestrator(app, gateway);
  serveMcpOverHttp(app, version);
  serveHealth(app, gateway);
  serveDashboard(app);
  serveMetrics(app, gateway);
  app.get('/openapi.json', { config: { scope: null }, schema: { hide: true } }, () => app.swagger());
  await app.ready();
  return app;
}
