import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { quote } from '../gateway/explain-rejection.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import type { LiveRouter } from '../router/live-router.ts';

const ModelShape = Type.Object({
  id: Type.String(),
  object: Type.Literal('model'),
  created: Type.Integer({ description: 'when the policy was loaded, in seconds' }),
  owned_by: Type.String({ description: 'the only backend that serves it, or `policyc`' }),
  policyc: Type.Object({
    kind: Type.Union([Type.Literal('model'), Type.Literal('alias'), Type.Literal('virtual')]),
    model: Type.String({ description: 'what the name means after its aliases' }),
    targets: Type.Array(Type.String(), { description: '`backend/model` of every candidate' }),
  }),
});

/** `GET /v1/models` and `/v1/models/{id}`: models, aliases and virtual models of the policy. */
export function serveModels(app: FastifyInstance): void {
  const config = { scope: 'llm:invoke' } as const;
  const tags = ['OpenAI dialect'];
  const list = Type.Object({ object: Type.Literal('list'), data: Type.Array(ModelShape) });
  app.get('/v1/models', { config, schema: { summary: 'names that a request may ask for', tags, response: { 200: list } } }, (request) => ({
    object: 'list',
    data: request.router.manifest.names.map((_, row) => describe(request.router, row)),
  }));
  const params = Type.Object({ id: Type.String() });
  const single = { config, schema: { summary: 'one of those names', tags, params, response: { 200: ModelShape } } };
  app.get<{ Params: { id: string } }>('/v1/models/:id', single, (request) => find(request.router, request.params.id));
  // Names may hold slashes that a client did not escape.
  app.get<{ Params: { '*': string } }>('/v1/models/*', { config, schema: { hide: true } }, (request) =>
    find(request.router, request.params['*']),
  );
}

function find(router: LiveRouter, name: string): object {
  const row = router.module.resolve(name);
  if (row >= 0) return describe(router, row);
  const message = `the model ${quote(name)} does not exist [unknown-model] help: GET /v1/models lists those that do`;
  throw new GatewayError(404, 'invalid_request_error', 'model_not_found', message, { param: 'model' });
}

function describe(router: LiveRouter, row: number): object {
  const { name, kind, model, targets } = router.manifest.names[row];
  const owners = new Set(targets.map((target) => router.routes[target].backend.config.name));
  return {
    id: name,
    object: 'model',
    created: Math.floor(router.loadedAt.getTime() / 1e3),
    owned_by: owners.size === 1 ? [...owners][0] : 'policyc',
    policyc: { kind, model, targets: targets.map((target) => router.routes[target].name) },
  };
}
