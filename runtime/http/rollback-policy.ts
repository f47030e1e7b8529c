import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { refuseForeignOrigin } from '../auth/refuse-foreign-origin.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import { describeAuthor } from './describe-author.ts';
import { describePolicy, PolicyShape } from './describe-policy.ts';
import { readIfMatch, refuseOvertaken } from './read-if-match.ts';
import { ErrorShape } from './shapes.ts';

/**
 * `POST /v1/policy/rollback`: the previous router serves again, and the one that served becomes the previous one, so that a second call
 * undoes the first. An artifact folder that stays as it is changes nothing about that.
 */
export function rollbackPolicy(app: FastifyInstance, gateway: Gateway): void {
  const { cell, policy } = gateway;
  const schema = {
    summary: 'put the previous policy in force again',
    tags: ['policy'],
    headers: Type.Object({ 'if-match': Type.Optional(Type.String({ description: 'hash in quotes of the router to replace' })) }),
    response: { 200: PolicyShape, 400: ErrorShape, 409: ErrorShape, 412: ErrorShape },
  };
  app.post('/v1/policy/rollback', { config: { scope: 'admin', audit: 'policy.rollback' }, schema }, (request, reply) => {
    if (request.router.manifest.callers.length === 0) refuseForeignOrigin(request.headers.origin, request.headers.host);
    const from = cell.active.hash;
    if (!readIfMatch(request.headers['if-match'])(from)) throw refuseOvertaken(gateway);
    const back = cell.rollBack(true);
    if (back === null) {
      const message = 'there is no previous policy [no-previous] help: put an artifact in force with `PUT /v1/policy`';
      throw new GatewayError(409, 'invalid_request_error', 'no_previous_policy', message, { headers: { 'x-should-retry': 'false' } });
    }
    const by = describeAuthor(request as FastifyRequest);
    policy.window.abandon(`rolled back by ${by}`);
    cell.lastError = null;
    policy.trail.add('rolled-back', from, back.hash, by);
    return reply.header('etag', `"${back.hash}"`).send(describePolicy(gateway));
  });
}
