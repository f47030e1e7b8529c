import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Gateway } from '../../gateway/gateway.ts';
import { OrchestratorError } from '../../orchestrator/orchestrator-error.ts';
import { COMMANDS } from '../../orchestrator/spec-kit/commands.ts';
import { RUN_STATES } from '../../orchestrator/spec-kit/run.ts';
import { FEATURE } from '../../orchestrator/spec-kit/work-folder.ts';
import { answers, TAGS } from './shapes.ts';
import { readerOf } from './stream-request.ts';

interface Body {
  readonly command: string;
  readonly args: string[];
  readonly feature?: string | null;
  readonly dryRun: boolean;
}

const Nullable = <Shape extends Parameters<typeof Type.Union>[0][number]>(shape: Shape) => Type.Union([shape, Type.Null()]);
const Time = Type.String({ description: 'ISO 8601' });

/** `POST /v1/spec-kit/run`, `GET /v1/spec-kit/runs/{id}`: commands of Spec-Kit, their output as frames of a stream. */
export function serveSpecKitRuns(app: FastifyInstance, { orchestrator }: Gateway): void {
  const schema = {
    summary: 'runs a Spec-Kit command, or tells what would be run',
    tags: TAGS,
    body: Type.Object(
      {
        command: Type.Enum(Object.keys(COMMANDS), { description: 'of the Spec-Kit CLI or of `.specify/scripts/bash`' }),
        args: Type.Array(Type.String({ minLength: 1, maxLength: 2_000 }), { maxItems: 16, default: [], description: 'each is checked' }),
        feature: Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], pattern: FEATURE, description: 'that it is about' })),
        dryRun: Type.Boolean({ default: false, description: 'tell what would be run, and run nothing' }),
      },
      { additionalProperties: false },
    ),
    response: answers(
      {
        200: Type.Object({
          dry_run: Type.Literal(true),
          program: Type.String(),
          args: Type.Array(Type.String()),
          cwd: Type.String(),
          env: Type.Record(Type.String(), Type.String(), { description: 'all of it' }),
          timeout_ms: Type.Integer(),
          changes: Type.Boolean({ description: 'it changes files: one of them at a time' }),
        }),
        202: Type.Object({ run_id: Type.String(), stream: Type.String({ description: 'that tells its output and its end' }) }),
      },
      404,
      409,
      422,
      429,
      503,
    ),
  };
  app.post<{ Body: Body }>(
    '/v1/spec-kit/run',
    { config: { scope: 'write:jobs', audit: 'spec-kit.run' }, schema },
    async (request, reply) => {
      const { command, args, feature = null, dryRun } = request.body;
      request.audited = { subject: feature === null ? command : `${command} ${feature}` };
      const order = { command, args, feature };
      if (dryRun) {
        const { file, args: all, cwd, env, timeout, changes } = await orchestrator.specKit.plan(order);
        return { dry_run: true, program: file, args: all, cwd, env, timeout_ms: timeout, changes };
      }
      const id = await orchestrator.specKit.run(order, readerOf(request).owner);
      return reply.code(202).header('location', `/v1/spec-kit/runs/${id}`).send({ run_id: id, stream: id });
    },
  );
  const one = {
    summary: 'a run of a Spec-Kit command',
    tags: TAGS,
    params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }),
    response: answers(
      {
        200: Type.Object({
          run_id: Type.String(),
          stream: Type.String(),
          command: Type.String(),
          args: Type.Array(Type.String()),
          feature: Nullable(Type.String()),
          state: Type.Enum([...RUN_STATES]),
          exit_code: Nullable(Type.Integer()),
          started_at: Time,
          ended_at: Nullable(Time),
        }),
      },
      404,
    ),
  };
  app.get<{ Params: { id: string } }>('/v1/spec-kit/runs/:id', { config: { scope: 'read:jobs' }, schema: one }, async (request) => {
    const run = await orchestrator.specKit.find(request.params.id);
    const { name, everything } = readerOf(request);
    if (run === null || !(everything || run.caller === null || run.caller === name)) {
      throw new OrchestratorError(
        404,
        'unknown_run',
        `there is no run \`${request.params.id}\` [unknown-run] help: runs are kept for a week`,
      );
    }
    const { id, command, args, feature, state, exitCode, startedAt, endedAt } = run;
    return {
      run_id: id,
      stream: id,
      command,
      args,
      feature,
      state,
      exit_code: exitCode,
      started_at: new Date(startedAt).toISOString(),
      ended_at: endedAt === null ? null : new Date(endedAt).toISOString(),
    };
  });
}
