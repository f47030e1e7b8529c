import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { CAPABILITIES } from '../../schema/vocabulary.ts';
import { quote } from '../gateway/explain-rejection.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import type { LiveRouter } from '../router/live-router.ts';
import { listModels, type PolicyModel } from './list-models.ts';

const ModelShape = Type.Object({
  id: Type.String(),
  object: Type.Literal('model'),
  created: Type.Integer({ description: 'when the policy was loaded, in seconds' }),
  owned_by: Type.String({ description: 'the only backend that serves it, or `policyc`' }),
  policyc: Type.Object({
    kind: Type.Union([Type.Literal('model'), Type.Literal('alias'), Type.Literal('virtual')]),
    model: Type.String({ description: 'what the name means after its aliases' }),
    targets: Type.Array(Type.String(), { description: '`backend/model` of every candidate' }),
    capabilities: Type.Array(Type.Union(CAPABILITIES.map((name) => Type.Literal(name))), {
      description: 'what at least one candidate can do',
    }),
    context: Type.Union([Type.Integer(), Type.Null()], { description: 'tokens of the largest context among them; null = not limited' }),
  }),
});
/** As Anthropic's API lists models. Source: https://platform.claude.com/docs/en/api/models-list */
const AnthropicModelShape = Type.Object({
  type: Type.Literal('model'),
  id: Type.String(),
  display_name: Type.String(),
  created_at: Type.String({ description: 'when the policy was loaded, RFC 3339' }),
});
const List = Type.Object({ object: Type.Literal('list'), data: Type.Array(ModelShape) });
const AnthropicList = Type.Object({
  data: Type.Array(AnthropicModelShape),
  has_more: Type.Boolean(),
  first_id: Type.Union([Type.String(), Type.Null()]),
  last_id: Type.Union([Type.String(), Type.Null()]),
});

/** `GET /v1/models` and `/v1/models/{id}`: models, aliases and virtual models of the policy; in Anthropic's form for its clients. */
export function serveModels(app: FastifyInstance): void {
  const config = { scope: 'llm:invoke' } as const;
  const tags = ['OpenAI API', 'Anthropic API'];
  const all = {
    config,
    schema: { summary: 'names that a request may ask for', tags, response: { 200: Type.Union([List, AnthropicList]) } },
  };
  app.get('/v1/models', all, ({ router, headers }) => {
    const models = listModels(router);
    if (headers['anthropic-version'] === undefined) return { object: 'list', data: models.map((model) => describe(router, model)) };
    const data = models.map((model) => describeToAnthropic(router, model));
    return { data, has_more: false, first_id: data.at(0)?.id ?? null, last_id: data.at(-1)?.id ?? null };
  });
  const params = Type.Object({ id: Type.String() });
  const response = { 200: Type.Union([ModelShape, AnthropicModelShape]) };
  const single = { config, schema: { summary: 'one of those names', tags, params, response } };
  app.get<{ Params: { id: string } }>('/v1/models/:id', single, ({ router, params, headers }) => find(router, params.id, headers));
  // Names may hold slashes that a client did not escape.
  app.get<{ Params: { '*': string } }>('/v1/models/*', { config, schema: { hide: true } }, ({ router, params, headers }) =>
    find(router, params['*'], headers),
  );
}

function find(router: LiveRouter, name: string, headers: Readonly<Record<string, unknown>>): object {
  const model = findModel(router, name);
  return headers['anthropic-version'] === undefined ? describe(router, model) : describeToAnthropic(router, model);
}

/** @throws GatewayError 404 */
export function findModel(router: LiveRouter, name: string): PolicyModel {
  const row = router.module.resolve(name);
  if (row >= 0) return listModels(router)[row];
  const message = `the model ${quote(name)} does not exist [unknown-model] help: GET /v1/models lists those that do`;
  throw new GatewayError(404, 'invalid_request_error', 'model_not_found', message, { param: 'model' });
}

function describe(router: LiveRouter, { name, kind, model, targets, capabilities, context }: PolicyModel): object {
  const owners = new Set(targets.map((target) => router.routes[target].backend.config.name));
  return {
    id: name,
    object: 'model',
    created: Math.floor(router.loadedAt.getTime() / 1e3),
    owned_by: owners.size === 1 ? [...owners][0] : 'policyc',
    policyc: { kind, model, targets: targets.map((target) => router.routes[target].name), capabilities, context },
  };
}

function describeToAnthropic({ loadedAt }: LiveRouter, { name }: PolicyModel): { readonly id: string } {
  return { type: 'model', id: name, display_name: name, created_at: loadedAt.toISOString() } as { readonly id: string };
}
