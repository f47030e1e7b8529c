import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Gateway } from '../gateway/gateway.ts';
import type { LiveRouter } from '../router/live-router.ts';

const RouterShape = Type.Object({
  hash: Type.String(),
  loaded_at: Type.String(),
  source: Type.String({ description: 'folder of the artifact' }),
  compiler: Type.String(),
  targets: Type.Integer(),
  policies: Type.Integer(),
  unenforced: Type.Array(Type.String()),
  in_flight: Type.Integer(),
});

const PolicyShape = Type.Object({
  active: RouterShape,
  previous: Type.Union([RouterShape, Type.Null()]),
  last_error: Type.Union([
    Type.Object({ message: Type.String(), hash: Type.Union([Type.String(), Type.Null()]), at: Type.String() }),
    Type.Null(),
  ]),
  watch: Type.Object({ artifact: Type.String(), policies: Type.Union([Type.String(), Type.Null()]) }),
});

/** `GET /v1/policy`: which router serves, which one before it, and why the newest may not be it. */
export function servePolicy(app: FastifyInstance, gateway: Gateway): void {
  const schema = { summary: 'the policy that is in force', tags: ['policy'], response: { 200: PolicyShape } };
  app.get('/v1/policy', { config: { scope: 'admin' }, schema }, () => ({
    active: describe(gateway.cell.active),
    previous: gateway.cell.previous === null ? null : describe(gateway.cell.previous),
    last_error: gateway.cell.lastError,
    watch: { artifact: gateway.config.policy, policies: gateway.config.watch },
  }));
}

function describe(router: LiveRouter): object {
  return {
    hash: router.hash,
    loaded_at: router.loadedAt.toISOString(),
    source: router.source,
    compiler: router.manifest.compiler,
    targets: router.manifest.plan.targets,
    policies: router.manifest.plan.policies,
    unenforced: router.manifest.unenforced,
    in_flight: router.inFlight,
  };
}
