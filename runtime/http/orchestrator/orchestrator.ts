import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { refuseForeignOrigin } from '../../auth/refuse-foreign-origin.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { OrchestratorError } from '../../orchestrator/orchestrator-error.ts';
import { answerError } from '../answer-error.ts';
import { readBody } from '../read-body.ts';
import { readJson } from '../read-json.ts';
import { checkShapes } from './check-shapes.ts';
import { serveSpecKitRuns } from './spec-kit-run.ts';
import { serveSpecKitTasks } from './spec-kit-tasks.ts';
import { serveStream } from './stream.ts';
import { updateTask } from './task-update.ts';
import { serveWorkloads } from './serve-workloads.ts';
import { serveContext } from './context/context.ts';
import { servePeers } from './peers/peers.ts';

/**
 * The routes of the orchestrator. Bodies are parsed here; a request of a wrong shape is 422 with every field at once; errors are the
 * envelope of OpenAI with `fields` and `reasons` beside it.
 */
export async function serveOrchestrator(root: FastifyInstance, gateway: Gateway): Promise<void> {
  await root.register(async (app) => {
    app.removeContentTypeParser('application/json');
    app.addContentTypeParser('application/json', (request: FastifyRequest, payload: IncomingMessage, done) =>
      readBody(gateway, request, payload, (error, body) => {
        if (error !== null) done(error);
        else parse(body!, done);
      }),
    );
    app.setValidatorCompiler(checkShapes);
    app.setErrorHandler(async (error, request, reply) => {
      if (!(error instanceof OrchestratorError)) return answerError(gateway, error, request, reply);
      const { status, code, message, fields, reasons, retryAfter } = error;
      if (retryAfter !== null) reply.header('retry-after', String(retryAfter));
      else if (status < 500 && status !== 409 && status !== 429) reply.header('x-should-retry', 'false');
      const answer = {
        error: { message, type: status < 500 ? 'invalid_request_error' : 'service_unavailable', param: fields[0]?.path ?? null, code },
        ...(fields.length === 0 ? {} : { fields }),
        ...(reasons.length === 0 ? {} : { reasons }),
      };
      return reply
        .code(status)
        .type('application/json; charset=utf-8')
        .send(gateway.redactor.redact(JSON.stringify(answer)));
    });
    app.addHook('preHandler', (request, _reply, done) => {
      const changes = request.method !== 'GET';
      if (changes && request.router.manifest.callers.length === 0) refuseForeignOrigin(request.headers.origin, request.headers.host);
      done();
    });
    serveWorkloads(app, gateway.orchestrator.workloads);
    serveContext(app, gateway);
    await servePeers(app, gateway);
    updateTask(app, gateway);
    serveSpecKitTasks(app, gateway);
    serveSpecKitRuns(app, gateway);
    await serveStream(app, gateway);
  });
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
    done(new OrchestratorError(422, 'bad_json', `${(error as Error).message} [bad-json] help: send one json object`));
    return;
  }
  done(null, value);
}
