import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { JOB_EVENTS } from '../../jobs/job.ts';
import { OrchestratorError } from '../../orchestrator/orchestrator-error.ts';
import { WORKLOAD_STATUSES, type WorkloadStatus } from '../../orchestrator/workloads/workload-status.ts';
import type { Workloads } from '../../orchestrator/workloads/workloads.ts';
import { describeJob, describeRun, JobShape, RunShape, toTime } from './describe-job.ts';
import { ReasonShape } from './schedule.ts';
import { answers, TAGS } from './shapes.ts';
import { viewerOf } from '../viewer.ts';

const Query = Type.Object({
  status: Type.Optional(Type.Enum([...WORKLOAD_STATUSES], { description: 'only these' })),
  name: Type.Optional(Type.String({ maxLength: 63, description: 'only those of this name' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'default 50' })),
  cursor: Type.Optional(Type.Integer({ minimum: 1, description: '`next_cursor` of the page before' })),
});
export const JobPath = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
const EventShape = Type.Object({
  event: Type.Enum([...JOB_EVENTS], { description: '`assigned`: a process looks after it' }),
  at: Type.String({ description: 'ISO 8601' }),
  by: Type.Union([Type.String(), Type.Null()], { description: 'the process' }),
  detail: Type.Union([Type.String(), Type.Null()]),
});

interface Asked {
  readonly status?: WorkloadStatus;
  readonly name?: string;
  readonly limit?: number;
  readonly cursor?: number;
}

/** `GET /v1/jobs` and `GET /v1/jobs/{id}`: workloads, and what became of them. A caller sees its own; the scope `admin` sees all. */
export function serveJobs(app: FastifyInstance, workloads: Workloads): void {
  const page = Type.Object({ items: Type.Array(JobShape), next_cursor: Type.Union([Type.Integer(), Type.Null()]) });
  const list = { summary: 'workloads, newest first', tags: TAGS, querystring: Query, response: answers({ 200: page }, 422) };
  app.get<{ Querystring: Asked }>('/v1/jobs', { config: { scope: 'read:jobs' }, schema: list }, async (request) => {
    const { limit = 50, ...filter } = request.query;
    const { found, cursor } = await workloads.list(viewerOf(request as FastifyRequest), { ...filter, limit });
    return { items: found.map(describeJob), next_cursor: cursor };
  });
  const reasons = Type.Array(ReasonShape, { description: 'why each node cannot take it now, where it waits' });
  const whole = Type.Object({ ...JobShape.properties, reasons, runs: Type.Array(RunShape), history: Type.Array(EventShape) });
  const one = { summary: 'a workload, its runs and its history', tags: TAGS, params: JobPath, response: answers({ 200: whole }, 404) };
  app.get<{ Params: { id: string } }>('/v1/jobs/:id', { config: { scope: 'read:jobs' }, schema: one }, async (request) => {
    const { id } = request.params;
    const found = await workloads.find(viewerOf(request as FastifyRequest), id);
    if (found === null) throw unknownJob(id);
    const { runs, history } = await workloads.past(id);
    return {
      ...describeJob(found),
      reasons: workloads.explain(found),
      runs: runs.map(describeRun),
      history: history.map(({ event, at, holder, detail }) => ({ event, at: toTime(at)!, by: holder, detail })),
    };
  });
}

export function unknownJob(id: string): OrchestratorError {
  return new OrchestratorError(404, 'unknown_job', `there is no job \`${id.slice(0, 64)}\` [unknown-job] help: GET /v1/jobs lists them`);
}
