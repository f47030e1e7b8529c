import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { TASK_TYPES } from '../../../schema/vocabulary.ts';
import { JOB_EVENTS, JOB_STATES, type JobState } from '../../jobs/job.ts';
import type { Pool } from '../../pool/pool.ts';
import { viewerOf } from '../viewer.ts';
import { describeTask, toTime } from './describe-task.ts';
import { answers, Nullable, OneOf, READ, TAGS, TaskPath, TaskShape, Time } from './shapes.ts';

const Query = Type.Object({
  status: Type.Optional(OneOf(JOB_STATES, 'only these')),
  task_type: Type.Optional(OneOf(TASK_TYPES, 'only these')),
  agent_id: Type.Optional(Type.String({ maxLength: 128, description: 'only those that this agent has, or had last' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'default 50' })),
  cursor: Type.Optional(Type.Integer({ minimum: 1, description: '`next_cursor` of the page before' })),
});
const EventShape = Type.Object({
  event: OneOf(JOB_EVENTS, 'what happened'),
  at: Time('when'),
  agent_id: Nullable(Type.String()),
  token: Type.Integer(),
  detail: Nullable(Type.String()),
});

interface Asked {
  readonly status?: JobState;
  readonly task_type?: string;
  readonly agent_id?: string;
  readonly limit?: number;
  readonly cursor?: number;
}

/** `GET /api/coordination/tasks`, `/tasks/{id}` and `/tasks/{id}/history`. */
export function serveTasks(app: FastifyInstance, pool: Pool): void {
  const page = Type.Object({ tasks: Type.Array(TaskShape), next_cursor: Nullable(Type.Integer()) });
  const list = {
    summary: 'tasks of the caller, newest first; of all, with the scope admin',
    tags: TAGS,
    querystring: Query,
    response: answers(page, 422),
  };
  app.get<{ Querystring: Asked }>('/tasks', { config: READ, schema: list }, async (request) => {
    const { query } = request;
    const viewer = viewerOf(request as FastifyRequest);
    const { jobs, cursor } = await pool.list({
      limit: query.limit ?? 50,
      ...(query.status === undefined ? {} : { states: [query.status] }),
      ...(query.task_type === undefined ? {} : { types: [query.task_type] }),
      ...(query.agent_id === undefined ? {} : { agent: query.agent_id }),
      ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
      ...(viewer.all ? {} : { caller: viewer.caller }),
    });
    return { tasks: jobs.map(describeTask), next_cursor: cursor };
  });
  const one = { summary: 'one task', tags: TAGS, params: TaskPath, response: answers(TaskShape, 404) };
  app.get<{ Params: { id: string } }>('/tasks/:id', { config: READ, schema: one }, async (request) =>
    describeTask(await pool.get(request.params.id, viewerOf(request as FastifyRequest))),
  );
  const events = Type.Object({ events: Type.Array(EventShape) });
  const history = { summary: 'everything that happened to a task', tags: TAGS, params: TaskPath, response: answers(events, 404) };
  app.get<{ Params: { id: string } }>('/tasks/:id/history', { config: READ, schema: history }, async (request) => {
    const { params } = request;
    await pool.get(params.id, viewerOf(request as FastifyRequest));
    const told = await pool.engine.history(params.id);
    return { events: told.map(({ event, at, agent, token, detail }) => ({ event, at: toTime(at)!, agent_id: agent, token, detail })) };
  });
}
