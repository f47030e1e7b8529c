import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Pool } from '../../pool/pool.ts';
import { AgentPath, answers, TAGS, WRITE } from './shapes.ts';

/** `POST /api/coordination/agents/{id}/heartbeat`: an external agent is alive, its lease begins anew. */
export function hearAgent(app: FastifyInstance, pool: Pool): void {
  const schema = {
    summary: 'a sign of life of an external agent',
    tags: TAGS,
    params: AgentPath,
    response: answers(
      Type.Object({
        agent_id: Type.String(),
        alive: Type.Literal(true),
        task_ids: Type.Array(Type.String(), { description: 'tasks that it still has; others are to be dropped' }),
      }),
      404,
      409,
    ),
  };
  app.post<{ Params: { id: string } }>('/agents/:id/heartbeat', { config: { ...WRITE, audit: null }, schema }, async ({ params }) => {
    const jobs = await pool.heartbeat(params.id);
    return { agent_id: params.id, alive: true, task_ids: jobs.map(({ id }) => id) };
  });
}
