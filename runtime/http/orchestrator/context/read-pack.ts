import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import type { Gateway } from '../../../gateway/gateway.ts';
import { accessOf } from '../../../orchestrator/context/access.ts';
import { OrchestratorError } from '../../../orchestrator/orchestrator-error.ts';
import { answers, TAGS } from '../shapes.ts';

const Path = Type.Object({ jobId: Type.String({ minLength: 1, maxLength: 128 }) });
const Answer = Type.Object({
  job_id: Type.String(),
  query: Type.String(),
  budget: Type.Integer({ description: 'most tokens' }),
  tokens: Type.Integer({ description: 'of `text`, counted with o200k_base' }),
  text: Type.String({ description: 'all items, as a model is given them' }),
  items: Type.Array(
    Type.Object({
      id: Type.String(),
      document: Type.String(),
      namespace: Type.String(),
      source: Type.String(),
      heading: Type.Union([Type.String(), Type.Null()]),
      text: Type.String(),
      score: Type.Number(),
    }),
  ),
  degraded: Type.Union([Type.String(), Type.Null()], { description: 'why it is less than could be' }),
  created_at: Type.String({ description: 'ISO 8601' }),
});

/** `GET /v1/context/{jobId}`: what a job was given to know. The same every time. */
export function readContextPack(app: FastifyInstance, gateway: Gateway): void {
  const schema = { summary: 'the context pack of a job', tags: TAGS, params: Path, response: answers({ 200: Answer }, 404, 422) };
  app.get<{ Params: Static<typeof Path> }>('/v1/context/:jobId', { config: { scope: 'context:read' }, schema }, async (request) => {
    const { jobId } = request.params;
    const pack = await gateway.orchestrator.context.pack(jobId, accessOf((request as FastifyRequest).router.manifest, request.caller));
    if (pack === null) {
      const message = `there is no context pack of job \`${jobId}\` [no-pack] help: ask for one with \`context\` when the job is scheduled`;
      throw new OrchestratorError(404, 'no_pack', message);
    }
    const { job, owner: _, createdAt, ...rest } = pack;
    return { job_id: job, ...rest, created_at: new Date(createdAt).toISOString() };
  });
}
