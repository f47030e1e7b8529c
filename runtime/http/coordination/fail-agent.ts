import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Pool } from '../../pool/pool.ts';
import { viewerOf } from '../viewer.ts';
import { AgentPath, answers, Nullable, TAGS, WRITE } from './shapes.ts';

const Body = Type.Object(
  { reason: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'for the record and the log' })) },
  { additionalProperties: false },
);

/** `POST /api/coordination/agents/{id}/fail`: takes an agent out; its task goes to another, or waits, or is dead. */
export function failAgent(app: FastifyInstance, pool: Pool): void {
  const schema = {
    summary: 'take an agent out',
    tags: TAGS,
    params: AgentPath,
    body: Body,
    response: answers(
      Type.Object({
        agent_id: Type.String(),
        status: Type.Literal('degraded'),
        task_reassigned: Type.Boolean({ description: 'another agent has its task already; where none was free it waits' }),
        reassigned_task_id: Nullable(Type.String()),
        reassigned_agent_id: Nullable(Type.String()),
        task_failed_permanently: Type.Boolean({ description: 'it was the last attempt' }),
      }),
      404,
      422,
    ),
  };
  app.post<{ Params: { id: string }; Body: { reason?: string } | undefined }>(
    '/agents/:id/fail',
    { config: WRITE, schema },
    async (request) => {
      const { params, body } = request;
      const viewer = viewerOf(request as FastifyRequest);
      const { agent, reassigned, dead } = await pool.failAgent(params.id, body?.reason ?? 'it was told to have failed', viewer);
      return {
        agent_id: agent.id,
        status: 'degraded',
        task_reassigned: reassigned !== null,
        reassigned_task_id: reassigned?.id ?? null,
        reassigned_agent_id: reassigned?.agent ?? null,
        task_failed_permanently: dead !== null,
      };
    },
  );
}
