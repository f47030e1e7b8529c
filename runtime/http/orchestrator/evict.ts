import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Workloads } from '../../orchestrator/workloads/workloads.ts';
import { answers, TAGS } from './shapes.ts';
import { viewerOf } from '../viewer.ts';

const Body = Type.Object(
  { pod_id: Type.String({ minLength: 1, maxLength: 63 }), reason: Type.String({ minLength: 1, maxLength: 1_000 }) },
  { additionalProperties: false },
);
const EvictedShape = Type.Object({
  pod_id: Type.String(),
  job_id: Type.String(),
  result: Type.Enum(['stopped', 'gone', 'asked'], { description: '`asked`: another process has it, and ends it soon' }),
});

/** `POST /evict`: ends a run before its time, where policy and place allow it. */
export function evict(app: FastifyInstance, workloads: Workloads): void {
  const schema = {
    summary: 'evict a pod',
    tags: TAGS,
    body: Body,
    response: answers({ 200: EvictedShape, 202: EvictedShape }, 404, 409, 422, 429, 502),
  };
  app.post<{ Body: { pod_id: string; reason: string } }>('/evict', { config: { scope: 'write:jobs' }, schema }, async (request, reply) => {
    const { pod_id, reason } = request.body;
    const { job, result } = await workloads.evictPod(viewerOf(request as FastifyRequest), pod_id, reason);
    return reply.code(result === 'asked' ? 202 : 200).send({ pod_id, job_id: job, result });
  });
}
