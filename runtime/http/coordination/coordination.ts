import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { refuseForeignOrigin } from '../../auth/refuse-foreign-origin.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { GatewayError } from '../../gateway/gateway-error.ts';
import { PoolError } from '../../pool/pool-error.ts';
import { answerError } from '../answer-error.ts';
import { readBody } from '../read-body.ts';
import { readJson } from '../read-json.ts';
import { serveAgents } from './agents.ts';
import { claimTasks } from './claim-tasks.ts';
import { drainPool } from './drain-pool.ts';
import { endTask } from './end-task.ts';
import { failAgent } from './fail-agent.ts';
import { hearAgent } from './hear-agent.ts';
import { initializePool } from './initialize-pool.ts';
import { serveDeadLetters } from './dead-letters.ts';
import { serveIsolationReport } from './isolation-report.ts';
import { servePoolMetrics } from './pool-metrics.ts';
import { shutDownPool } from './shut-down-pool.ts';
import { spawnAgent } from './spawn-agent.ts';
import { submitTask } from './submit-task.ts';
import { serveTasks } from './tasks.ts';
import { compileShape } from './validate.ts';

const PREFIX = '/api/coordination';

/** Everything under `/api/coordination`. Bodies are parsed here, shapes are checked with every mistake at once, errors are `{"detail": …}`. */
export async function serveCoordination(root: FastifyInstance, gateway: Gateway): Promise<void> {
  await root.register(
    async (app) => {
      app.removeContentTypeParser('application/json');
      app.addContentTypeParser('application/json', (request: FastifyRequest, payload: IncomingMessage, done) =>
        readBody(gateway, request, payload, (error, body) => {
          if (error !== null) done(error);
          else parse(body!, done);
        }),
      );
      app.setValidatorCompiler(compileShape);
      app.setErrorHandler((error, request, reply) => answerError(gateway, toAnswer(error), request, reply));
      app.setNotFoundHandler((request, reply) => {
        const detail = `there is no \`${request.method} ${request.url.split('?')[0].slice(0, 128)}\` [unknown-url] help: GET /openapi.json lists what there is`;
        return reply.code(404).send({ detail });
      });
      app.addHook('preHandler', (request, _reply, done) => {
        const changes = request.method !== 'GET';
        if (changes && request.router.manifest.callers.length === 0) refuseForeignOrigin(request.headers.origin, request.headers.host);
        done();
      });
      initializePool(app, gateway.pool);
      drainPool(app, gateway.pool);
      shutDownPool(app, gateway.pool);
      spawnAgent(app, gateway.pool);
      serveAgents(app, gateway.pool);
      failAgent(app, gateway.pool);
      claimTasks(app, gateway.pool);
      hearAgent(app, gateway.pool);
      submitTask(app, gateway.pool);
      serveTasks(app, gateway.pool);
      endTask(app, gateway.pool);
      serveDeadLetters(app, gateway.pool);
      servePoolMetrics(app, gateway.pool);
      serveIsolationReport(app, gateway.pool);
    },
    { prefix: PREFIX },
  );
}

function parse(body: Buffer, done: (error: Error | null, value?: unknown) => void): void {
  if (body.length === 0) {
    done(null, undefined);
    return;
  }
  let value: unknown;
  try {
    value = readJson(body);
  } catch (error) {
    done(new GatewayError(422, 'invalid_request_error', 'bad_json', `${(error as Error).message} [bad-json] help: send one json object`));
    return;
  }
  done(null, value);
}

function toAnswer(error: unknown): unknown {
  if (!(error instanceof PoolError)) return error;
  const headers: Record<string, string> = error.retryAfter === null ? {} : { 'retry-after': String(error.retryAfter) };
  return new GatewayError(error.status, 'coordination_error', error.code, error.message, { headers });
}
