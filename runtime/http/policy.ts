import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import { describePolicy, PolicyShape } from './describe-policy.ts';

/** `GET /v1/policy`: which router serves, how it fares, which one before it, and why the newest may not be it. */
export function servePolicy(app: FastifyInstance, gateway: Gateway): void {
  const schema = { summary: 'the policy that is in force', tags: ['policy'], response: { 200: PolicyShape } };
  app.get('/v1/policy', { config: { scope: 'admin' }, schema }, (_request, reply) =>
    reply.header('etag', `"${gateway.cell.active.hash}"`).send(describePolicy(gateway)),
  );
}
