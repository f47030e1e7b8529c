import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Pool } from '../../pool/pool.ts';
import { viewerOf } from '../viewer.ts';
import { describeTask } from './describe-task.ts';
import { answers, Nullable, READ, TAGS, TaskPath, TaskShape, WRITE } from './shapes.ts';

const Query = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'default 50' })),
  cursor: Type.Optional(Type.Integer({ minimum: 1, description: '`next_cursor` of the page before' })),
});

/** `GET /api/coordination/dead-letters`: tasks without an attempt left; `POST /dead-letters/{id}/redrive` begins one anew. */
export function serveDeadLetters(app: FastifyInstance, pool: Pool): void {
  const page = Type.Object({ tasks: Type.Array(TaskShape), next_cursor: Nullable(Type.Integer()) });
  const list = { summary: 'tasks that failed for good, newest first', tags: TAGS, querystring: Query, response: answers(page, 422) };
  app.get<{ Querystring: { limit?: number; cursor?: number } }>('/dead-letters', { config: READ, schema: list }, async (request) => {
    const { query } = request;
    const viewer = viewerOf(request as FastifyRequest);
    const from = query.cursor === undefined ? {} : { cursor: query.cursor };
    const { jobs, cursor } = await pool.list({
      states: ['failed'],
      limit: query.limit ?? 50,
      ...from,
      ...(viewer.all ? {} : { caller: viewer.caller }),
    });
    return { tasks: jobs.map(describeTask), next_cursor: cursor };
  });
  const redrive = { summary: 'try a dead task again', tags: TAGS, params: TaskPath, response: answers(TaskShape, 404, 409, 429) };
  app.post<{ Params: { id: string } }>('/dead-letters/:id/redrive', { config: WRITE, schema: redrive }, async (request) => {
    await pool.get(request.params.id, viewerOf(request as FastifyRequest));
    return describeTask(await pool.redrive(request.params.id));
  });
}
