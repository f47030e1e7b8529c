import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Pool } from '../../pool/pool.ts';
import { viewerOf } from '../viewer.ts';
import { describeTask } from './describe-task.ts';
import { AgentPath, answers, TAGS, TaskShape, WRITE } from './shapes.ts';

const Body = Type.Object(
  { max_tasks: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'default 1' })) },
  { additionalProperties: false },
);

/** `POST /api/coordination/agents/{id}/claim`: tasks for an external agent, under its lease. */
export function claimTasks(app: FastifyInstance, pool: Pool): void {
  const schema = {
    summary: 'take tasks, as an external agent',
    tags: TAGS,
    params: AgentPath,
    body: Body,
    response: answers(Type.Object({ tasks: Type.Array(TaskShape) }), 404, 409, 422),
  };
  app.post<{ Params: { id: string }; Body: { max_tasks?: number } | undefined }>(
    '/agents/:id/claim',
    { config: { ...WRITE, audit: null }, schema },
    async (request) => {
      const viewer = viewerOf(request as FastifyRequest);
      return { tasks: (await pool.claim(request.params.id, request.body?.max_tasks ?? 1, viewer)).map(describeTask) };
    },
  );
}
