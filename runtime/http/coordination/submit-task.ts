import { createHash, randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { TaskType } from '../../../schema/vocabulary.ts';
import type { Pool } from '../../pool/pool.ts';
import { nameCaller } from '../viewer.ts';
import { describeTask } from './describe-task.ts';
import { Anything, answers, Nullable, TAGS, TaskShape, TaskTypeShape, WRITE } from './shapes.ts';

const Body = Type.Object(
  {
    payload: Type.Optional(Anything('what the handler of its type gets')),
    task_type: Type.Optional(TaskTypeShape),
    preferred_agent_id: Type.Optional(Nullable(Type.String({ maxLength: 128 }))),
    priority: Type.Optional(Type.Integer({ minimum: -1_000, maximum: 1_000, description: 'higher goes first; default 0' })),
  },
  { additionalProperties: false },
);
const Headers = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'the same key and body are one task' })),
  traceparent: Type.Optional(Type.String()),
});

interface Asked {
  readonly payload?: unknown;
  readonly task_type?: TaskType;
  readonly preferred_agent_id?: string | null;
  readonly priority?: number;
}

/** `POST /api/coordination/tasks`: a task, on the disk when it is answered. */
export function submitTask(app: FastifyInstance, pool: Pool): void {
  const schema = { summary: 'submit a task', tags: TAGS, headers: Headers, body: Body, response: answers(TaskShape, 422, 429, 503) };
  app.post<{ Body: Asked | undefined }>('/tasks', { config: WRITE, schema }, async (request) => {
    const { payload = {}, task_type: type = 'general', preferred_agent_id: preferredAgent = null, priority = 0 } = request.body ?? {};
    const key = request.headers['idempotency-key'];
    const job = await pool.submit({
      type,
      payload,
      preferredAgent,
      priority,
      trace: readTrace(request.headers.traceparent as string | undefined),
      caller: nameCaller(request as FastifyRequest),
      // Only where there is a key: a payload may be large, and a refusal costs microseconds.
      idempotency: typeof key === 'string' ? { key, digest: digestOf([payload, type, preferredAgent, priority]) } : null,
    });
    return describeTask(job);
  });
}

function digestOf(request: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex');
}

/** The caller's trace, or a new one. https://www.w3.org/TR/trace-context/#traceparent-header */
function readTrace(traceparent: string | undefined): string {
  const [, trace] = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent ?? '') ?? [];
  return trace === undefined || /^0+$/.test(trace) ? randomUUID().replaceAll('-', '') : trace;
}
