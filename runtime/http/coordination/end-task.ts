import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Pool } from '../../pool/pool.ts';
import { viewerOf } from '../viewer.ts';
import { describeTask } from './describe-task.ts';
import { Anything, answers, TAGS, TaskPath, TaskShape, WRITE } from './shapes.ts';

const Token = Type.Optional(
  Type.Integer({
    minimum: 1,
    description: 'of the attempt that this is about; refused where a newer one began. Absent: whoever works at it',
  }),
);
const Words = Type.Optional(Type.String({ minLength: 1, maxLength: 4_000 }));
const CompleteBody = Type.Object(
  { result: Type.Optional(Anything('what came of it')), error: Words, token: Token },
  { additionalProperties: false },
);
const FailBody = Type.Object({ error: Words, token: Token }, { additionalProperties: false });
const CancelBody = Type.Object({ reason: Words }, { additionalProperties: false });
const Success = Type.Object({ success: Type.Optional(Type.Boolean({ default: true, description: 'false: it failed for good' })) });

interface Told {
  readonly result?: unknown;
  readonly error?: string;
  readonly token?: number;
}

/** `POST /api/coordination/tasks/{id}/complete`, `/fail` and `/cancel`: how a task ends by the word of somebody outside. */
export function endTask(app: FastifyInstance, pool: Pool): void {
  const shape = { tags: TAGS, params: TaskPath, response: answers(TaskShape, 404, 409, 422) };
  const complete = { ...shape, summary: 'a task is done, or has failed for good', querystring: Success, body: CompleteBody };
  app.post<{ Params: { id: string }; Querystring: { success?: boolean }; Body: Told | undefined }>(
    '/tasks/:id/complete',
    { config: WRITE, schema: complete },
    async (request) => {
      const { params, query, body } = request;
      await pool.get(params.id, viewerOf(request as FastifyRequest));
      const result = body?.result === undefined ? null : JSON.stringify(body.result);
      return describeTask(await pool.end(params.id, query.success ?? true, result, body?.token ?? null, body?.error ?? null));
    },
  );
  const fail = { ...shape, summary: 'an attempt failed; another agent tries', body: FailBody };
  app.post<{ Params: { id: string }; Body: Told | undefined }>('/tasks/:id/fail', { config: WRITE, schema: fail }, async (request) => {
    const { params, body } = request;
    await pool.get(params.id, viewerOf(request as FastifyRequest));
    return describeTask(await pool.failAttempt(params.id, body?.token ?? null, body?.error ?? 'the attempt was told to have failed'));
  });
  const cancel = { ...shape, summary: 'a task is not wanted any more', body: CancelBody };
  app.post<{ Params: { id: string }; Body: { reason?: string } | undefined }>(
    '/tasks/:id/cancel',
    { config: WRITE, schema: cancel },
    async (request) => {
      const { params, body } = request;
      await pool.get(params.id, viewerOf(request as FastifyRequest));
      return describeTask(await pool.cancel(params.id, body?.reason ?? 'it was cancelled over HTTP'));
    },
  );
}
