import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { findFrontier } from '../router/find-frontier.ts';

const FrontierShape = Type.Object({
  input_tokens: Type.Integer({ description: 'of the request that targets are compared by' }),
  output_tokens: Type.Integer(),
  classes: Type.Array(
    Type.Object({
      class: Type.Union([Type.String(), Type.Null()], { description: 'null: of no class' }),
      points: Type.Array(
        Type.Object({
          target: Type.String(),
          quality: Type.Number(),
          cost_usd: Type.Union([Type.Number(), Type.Null()], { description: 'null: the price is not known' }),
          dominated_by: Type.Union([Type.String(), Type.Null()], {
            description: 'a target that is as good and no dearer; null: on the frontier',
          }),
        }),
      ),
    }),
  ),
});

/** `GET /v1/policy/frontier`: quality against cost of the targets that each class leaves, and which of them nobody outdoes. */
export function serveFrontier(app: FastifyInstance): void {
  const schema = { summary: 'quality against cost of the targets of each class', tags: ['policy'], response: { 200: FrontierShape } };
  app.get('/v1/policy/frontier', { config: { scope: 'admin' }, schema }, ({ router }) => findFrontier(router));
}
