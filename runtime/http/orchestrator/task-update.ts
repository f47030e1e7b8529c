import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Gateway } from '../../gateway/gateway.ts';
import { FEATURE } from '../../orchestrator/spec-kit/work-folder.ts';
import { streamOf } from '../../orchestrator/spec-kit/spec-kit.ts';
import { TASK_STATUSES, type TaskStatus } from '../../orchestrator/spec-kit/update-task.ts';
import { answers, TAGS } from './shapes.ts';
import { readerOf } from './stream-request.ts';

interface Body {
  readonly feature: string;
  readonly task_id: string;
  readonly status: TaskStatus;
  readonly note?: string;
  readonly expected_hash?: string;
}

const Status = Type.Enum([...TASK_STATUSES], { description: '`done`: its mark is `x`; `open`: a blank' });

/** `POST /task-update`: a task's mark in `tasks.md`; told as a frame of `spec-<feature>`. */
export function updateTask(app: FastifyInstance, { orchestrator }: Gateway): void {
  const schema = {
    summary: 'ticks off a task of a Spec-Kit feature, or opens it again',
    tags: TAGS,
    body: Type.Object(
      {
        feature: Type.String({ pattern: FEATURE, description: 'name of its folder under `specs`' }),
        task_id: Type.String({ pattern: '^[A-Z]{1,8}-?[0-9]{1,6}[a-z]?$', description: '`T001`' }),
        status: Status,
        note: Type.Optional(Type.String({ maxLength: 2_000, description: 'for those who follow the stream' })),
        expected_hash: Type.Optional(
          Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the `tasks.md` that this was decided on; another one is 409' }),
        ),
      },
      { additionalProperties: false },
    ),
    response: answers(
      {
        200: Type.Object({
          feature: Type.String(),
          task_id: Type.String(),
          line: Type.Integer({ description: 'of the task in `tasks.md`, from 1' }),
          before: Status,
          after: Status,
          changed: Type.Boolean(),
          hash: Type.String({ description: 'SHA-256 of `tasks.md` as it is now' }),
          stream: Type.String({ description: 'that tells what happens to the tasks of the feature' }),
        }),
      },
      404,
      409,
      413,
      422,
      503,
    ),
  };
  app.post<{ Body: Body }>('/task-update', { config: { scope: 'write:jobs', audit: 'task.update' }, schema }, async (request) => {
    const { feature, task_id, status, note, expected_hash } = request.body;
    request.audited = { subject: `${feature}/${task_id}` };
    const { task, before, after, changed, hash } = await orchestrator.specKit.update(
      { feature, task: task_id, status, expectedHash: expected_hash ?? null },
      note ?? null,
      readerOf(request).owner,
    );
    return { feature, task_id, line: task.line, before, after, changed, hash, stream: streamOf(feature) };
  });
}
