import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { OrchestratorError } from '../../orchestrator/orchestrator-error.ts';
import type { Workloads } from '../../orchestrator/workloads/workloads.ts';
import { describeJob, JobShape } from './describe-job.ts';
import { JobPath, unknownJob } from './jobs.ts';
import { answers, TAGS } from './shapes.ts';
import { viewerOf } from '../viewer.ts';

const Body = Type.Object({ reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })) }, { additionalProperties: false });

/** `POST /v1/jobs/{id}/cancel`: a workload is not wanted any more. */
export function cancelJob(app: FastifyInstance, workloads: Workloads): void {
  const schema = {
    summary: 'cancel a workload',
    description: '200: it has ended. 202: its run is being ended, with ten seconds to do so by itself.',
    tags: TAGS,
    params: JobPath,
    body: Body,
    response: answers({ 200: JobShape, 202: JobShape }, 404, 409, 422),
  };
  app.post<{ Params: { id: string }; Body: { reason?: string } }>(
    '/v1/jobs/:id/cancel',
    { config: { scope: 'write:jobs' }, schema },
    async (request, reply) => {
      const viewer = viewerOf(request as FastifyRequest);
      const { id } = request.params;
      if ((await workloads.find(viewer, id)) === null) throw unknownJob(id);
      const asked = await workloads.cancel(id, request.body.reason ?? 'it was cancelled over HTTP');
      const found = await workloads.find(viewer, id);
      if (asked === 'unknown' || found === null) throw unknownJob(id);
      if (asked === 'over' && found.workload.status !== 'cancelled') {
        const message = `job \`${id}\` has ended already: it ${found.workload.status} [ended] help: GET /v1/jobs/${id} says how`;
        throw new OrchestratorError(409, 'ended', message, { reasons: [{ code: 'ended', status: found.workload.status }] });
      }
      return reply.code(asked === 'asked' ? 202 : 200).send(describeJob(found));
    },
  );
}
