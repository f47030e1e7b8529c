import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Pool } from '../../pool/pool.ts';
import { answers, TAGS, WRITE } from './shapes.ts';

const Body = Type.Object(
  {
    size: Type.Optional(
      Type.Integer({ minimum: 1, description: 'agents; what the policy says where it is absent, and at most its `max_size`' }),
    ),
  },
  { additionalProperties: false },
);

/** `POST /api/coordination/pool/initialize`: brings the pool to a size. A pool that drains takes tasks again. */
export function initializePool(app: FastifyInstance, pool: Pool): void {
  const schema = {
    summary: 'start agents',
    tags: TAGS,
    body: Body,
    response: answers(
      Type.Object({
        status: Type.Literal('initialized'),
        spawned_agents: Type.Integer({ description: 'agents that were started now' }),
        agent_ids: Type.Array(Type.String(), { description: 'all agents of the pool' }),
        pool_size: Type.Integer(),
      }),
      422,
      429,
      503,
    ),
  };
  app.post<{ Body: { size?: number } | undefined }>('/pool/initialize', { config: WRITE, schema }, async ({ body }) => {
    const started = await pool.initialize(body?.size ?? pool.settings.size);
    const ids = pool.crew.live.map(({ id }) => id);
    return { status: 'initialized', spawned_agents: started.length, agent_ids: ids, pool_size: ids.length };
  });
}
