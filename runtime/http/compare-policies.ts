import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import { Failure } from '../failure.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import { compareRouters } from '../router/compare-routers.ts';
import { ErrorShape, OpenShape } from './shapes.ts';

/** `GET /v1/policy/diff`: which requests the active policy decides differently from the previous one, as `policyc diff --format json` says it. */
export function comparePolicies(app: FastifyInstance, { cell }: Gateway): void {
  const schema = {
    summary: 'which requests the active policy decides differently from the previous one, as `policyc diff` tells it',
    tags: ['policy'],
    response: { 200: { ...OpenShape, description: 'what `policyc diff --format json` prints' }, 409: ErrorShape, 503: ErrorShape },
  };
  app.get('/v1/policy/diff', { config: { scope: 'admin' }, schema, serializerCompiler: () => String }, async (_request, reply) => {
    const { active, previous } = cell;
    if (previous === null) {
      const message = 'there is no previous policy [no-previous] help: put an artifact in force with `PUT /v1/policy`';
      throw new GatewayError(409, 'invalid_request_error', 'no_previous_policy', message, { headers: { 'x-should-retry': 'false' } });
    }
    return reply.type('application/json; charset=utf-8').send(await compareRouters(previous, active).catch(refuse));
  });
}

function refuse(cause: unknown): never {
  if (!(cause instanceof Failure)) throw cause;
  const message = `${cause.problems.join('; ')} [${cause.slug}] help: ${cause.help}`;
  throw new GatewayError(503, 'server_error', 'not_compared', message, { headers: { 'retry-after': '5' } });
}
