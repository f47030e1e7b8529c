import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Gateway } from '../../gateway/gateway.ts';
import { findDuplicates } from '../../orchestrator/spec-kit/parse-tasks.ts';
import { FEATURE } from '../../orchestrator/spec-kit/work-folder.ts';
import { answers, TAGS } from './shapes.ts';

/** `GET /v1/spec-kit/tasks?feature=`: the tasks of a feature. */
export function serveSpecKitTasks(app: FastifyInstance, { orchestrator }: Gateway): void {
  const schema = {
    summary: 'the tasks of a Spec-Kit feature, and the hash of their file',
    tags: TAGS,
    querystring: Type.Object({ feature: Type.String({ pattern: FEATURE }) }, { additionalProperties: false }),
    response: answers(
      {
        200: Type.Object({
          feature: Type.String(),
          hash: Type.String({ description: 'SHA-256 of `tasks.md`' }),
          tasks: Type.Array(
            Type.Object({
              task_id: Type.String(),
              status: Type.String(),
              line: Type.Integer(),
              parallel: Type.Boolean({ description: '`[P]`' }),
              story: Type.Union([Type.String(), Type.Null()], { description: '`US1`' }),
              text: Type.String(),
            }),
          ),
          duplicates: Type.Array(Type.Object({ id: Type.String(), lines: Type.Array(Type.Integer()) }), {
            description: 'ids that stand there more than once; such a task cannot be ticked off',
          }),
        }),
      },
      404,
      422,
      503,
    ),
  };
  app.get<{ Querystring: { feature: string } }>('/v1/spec-kit/tasks', { config: { scope: 'read:jobs' }, schema }, async ({ query }) => {
    const { tasks, hash } = await orchestrator.specKit.tasks(query.feature);
    return {
      feature: query.feature,
      hash,
      tasks: tasks.map(({ id, done, line, parallel, story, text }) => {
        return { task_id: id, status: done ? 'done' : 'open', line, parallel, story, text };
      }),
      duplicates: findDuplicates(tasks),
    };
  });
}
