import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { refuseForeignOrigin } from '../auth/refuse-foreign-origin.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import { DIRECTIONS, DIVERGENCE_KINDS } from '../router/divergence.ts';
import { type ShadowStatus, SKIPS } from '../router/shadow.ts';
import { describeAuthor } from './describe-author.ts';
import { ErrorShape } from './shapes.ts';

const Maybe = Type.Union([Type.String(), Type.Null()]);
const Sides = { live: Maybe, shadow: Maybe };

/** What the router in the shadow would have done. */
export const ShadowShape = Type.Object({
  hash: Type.String(),
  source: Type.String({ description: 'folder of the artifact, or `upload`' }),
  since: Type.String(),
  decisions: Type.Integer({ description: 'first decisions of requests that both made' }),
  same: Type.Integer(),
  different: Type.Integer(),
  rejects: Type.Object({ live: Type.Integer(), shadow: Type.Integer() }),
  classes: Type.Array(
    Type.Object({
      direction: Type.Enum([...DIRECTIONS]),
      kind: Type.Enum([...DIVERGENCE_KINDS]),
      policies: Type.Object(Sides, { description: 'traffic policy that matched; null where the names were not known' }),
      decisions: Type.Integer(),
      moves: Type.Array(Type.Object({ ...Sides, decisions: Type.Integer() }), { description: 'targets, null = turned away; at most 50' }),
      examples: Type.Array(Type.String(), { description: 'ids of the first requests, at most 5' }),
    }),
    { description: 'the most frequent first, at most 200' },
  ),
  skipped: Type.Object(Object.fromEntries(SKIPS.map((skip) => [skip, Type.Integer()])), {
    description: 'decisions that were not put to it, by why',
  }),
  last_error: Maybe,
});

/** `GET /v1/policy/shadow`: how the router in the shadow differs from the live one, by class of requests. `DELETE` ends it. */
export function serveShadow(app: FastifyInstance, gateway: Gateway): void {
  const { shadow } = gateway.policy;
  const response = { 200: ShadowShape, 404: ErrorShape };
  const summary = 'what the policy in the shadow would have done with the traffic since it was put there';
  app.get('/v1/policy/shadow', { config: { scope: 'admin' }, schema: { summary, tags: ['policy'], response } }, () =>
    describe(shadow.status),
  );
  app.delete(
    '/v1/policy/shadow',
    {
      config: { scope: 'admin', audit: 'policy.shadow-end' },
      schema: { summary: 'take the policy out of the shadow; its last report', tags: ['policy'], response },
    },
    (request) => {
      if (request.router.manifest.callers.length === 0) refuseForeignOrigin(request.headers.origin, request.headers.host);
      const last = describe(shadow.status);
      shadow.end(describeAuthor(request as FastifyRequest));
      return last;
    },
  );
}

function describe(status: ShadowStatus | null): Type.Static<typeof ShadowShape> {
  if (status === null) {
    const message = 'there is no policy in the shadow [no-shadow] help: put one there with `PUT /v1/policy?mode=shadow`';
    throw new GatewayError(404, 'invalid_request_error', 'no_shadow', message, { headers: { 'x-should-retry': 'false' } });
  }
  const { hash, source, since, decisions, same, different, rejects, classes, skipped, lastError } = status;
  return {
    hash,
    source,
    since: since.toISOString(),
    decisions,
    same,
    different,
    rejects: { live: rejects.live, shadow: rejects.other },
    classes: classes.map(({ policies, moves, examples, ...entry }) => ({
      ...entry,
      policies: { live: policies.live, shadow: policies.other },
      moves: moves.map(({ live, other, decisions: count }) => ({ live, shadow: other, decisions: count })),
      examples: [...examples],
    })),
    skipped: { ...skipped },
    last_error: lastError,
  };
}
