import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Pool } from '../../pool/pool.ts';
import { viewerOf } from '../viewer.ts';
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
  app.post<{ Params: { id: string } }>('/agents/:id/heartbeat', { config: { ...WRITE, audit: null }, schema }, async (request) => {
    const { id } = request.params;
    const jobs = await pool.heartbeat(id, viewerOf(request as FastifyRequest));
    return { agent_id: id, alive: true, task_ids: jobs.map(({ id }) => id) };
  });
}
