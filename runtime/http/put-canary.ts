import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { refuseForeignOrigin } from '../auth/refuse-foreign-origin.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import { describeAuthor } from './describe-author.ts';
import { describePolicy, PolicyShape } from './describe-policy.ts';
import { readIfMatch } from './read-if-match.ts';
import { readJson } from './read-json.ts';
import { readPercent } from './read-entry.ts';
import { ErrorShape } from './shapes.ts';

const IfMatch = Type.Object({ 'if-match': Type.Optional(Type.String({ description: 'hash in quotes of the canary' })) });

/** `PUT /v1/policy/canary`: another share of the callers for the canary; 100 % promotes it. `DELETE`: the live policy serves all again. */
export function putCanary(app: FastifyInstance, gateway: Gateway): void {
  const { cell, policy } = gateway;
  const errors = Object.fromEntries([400, 403, 409, 412].map((status) => [status, ErrorShape]));
  const admit = (request: Pick<FastifyRequest, 'router' | 'headers'>): void => {
    if (request.router.manifest.callers.length === 0) refuseForeignOrigin(request.headers.origin, request.headers.host);
    if (cell.canary === null)
      throw refuse(409, 'no_canary', 'there is no canary [no-canary] help: start one with `PUT /v1/policy?canary=10`');
    if (!readIfMatch(request.headers['if-match'])(cell.canary.hash)) {
      const message = `the canary is \`${cell.canary.hash}\` [if-match] help: read \`GET /v1/policy\`, and decide again`;
      throw refuse(412, 'precondition_failed', message);
    }
  };
  app.put(
    '/v1/policy/canary',
    {
      config: { scope: 'admin', audit: 'policy.canary' },
      schema: {
        summary: 'give the canary another share of the callers; 100 puts it in force for all',
        tags: ['policy'],
        headers: IfMatch,
        body: Type.Object({ percent: Type.Number({ description: 'over 0, at most 100' }) }, { additionalProperties: false }),
        response: { 200: PolicyShape, ...errors },
      },
      validatorCompiler: () => () => true,
    },
    (request, reply) => {
      admit(request);
      const percent = readPercent(readBody(request.body));
      const by = describeAuthor(request as FastifyRequest);
      if (percent === 100) policy.canary.promote(by);
      else policy.canary.resize(percent, by);
      return reply.header('etag', `"${cell.active.hash}"`).send(describePolicy(gateway));
    },
  );
  app.delete(
    '/v1/policy/canary',
    {
      config: { scope: 'admin', audit: 'policy.canary-end' },
      schema: { summary: 'take the canary away', tags: ['policy'], headers: IfMatch, response: { 200: PolicyShape, ...errors } },
    },
    (request, reply) => {
      admit(request);
      policy.canary.abort(describeAuthor(request as FastifyRequest));
      return reply.header('etag', `"${cell.active.hash}"`).send(describePolicy(gateway));
    },
  );
}

function readBody(body: unknown): unknown {
  try {
    const value: unknown = body instanceof Buffer ? readJson(body) : null;
    const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    if (keys.length === 1 && keys[0] === 'percent') return (value as { percent: unknown }).percent;
  } catch {
    // Told below, like everything else that is not the one member.
  }
  throw refuse(400, 'invalid_canary', 'the body is not `{"percent": …}` [canary] help: send `{"percent": 25}`');
}

function refuse(status: number, code: string, message: string): GatewayError {
  return new GatewayError(status, 'invalid_request_error', code, message, { headers: { 'x-should-retry': 'false' } });
}
