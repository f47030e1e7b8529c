import { createHash, randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest, FastifySchemaCompiler } from 'fastify';
import Type from 'typebox';
import { NODE_KINDS, PLACEMENT_FILTERS } from '../../../schema/workload.ts';
import { type FieldError, OrchestratorError } from '../../orchestrator/orchestrator-error.ts';
import { type AskedWorkload, readAmounts, readWorkload } from '../../orchestrator/workloads/read-workload.ts';
import { WORKLOAD_STATUSES } from '../../orchestrator/workloads/workload-status.ts';
import type { Workloads } from '../../orchestrator/workloads/workloads.ts';
import { checkShapes } from './check-shapes.ts';
import { answers, TAGS } from './shapes.ts';
import { nameCaller } from '../viewer.ts';
import { WorkloadShape } from './workload-shape.ts';

const Headers = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'the same key and body are one workload' })),
  traceparent: Type.Optional(Type.String()),
});
export const ReasonShape = Type.Object({
  node: Type.String(),
  filter: Type.Enum([...PLACEMENT_FILTERS]),
  detail: Type.String(),
});
export const PlacementShape = Type.Object({
  node: Type.String(),
  kind: Type.Enum([...NODE_KINDS]),
  score: Type.Number({ description: 'higher is better' }),
  scores: Type.Record(Type.String(), Type.Number(), { description: 'by node, of those that could take it' }),
  excluded: Type.Array(ReasonShape, { description: 'why others could not' }),
});
const AcceptedShape = Type.Object({
  job_id: Type.String({ description: 'its stream is called the same' }),
  status: Type.Enum([...WORKLOAD_STATUSES], { description: '`pending`: it waits for room, and `reasons` says why' }),
  placement: Type.Union([PlacementShape, Type.Null()]),
  reasons: Type.Array(ReasonShape),
  created_at: Type.String({ description: 'ISO 8601' }),
});

/** `POST /schedule`: a workload, on the disk when it is answered. */
export function schedule(app: FastifyInstance, workloads: Workloads): void {
  const schema = {
    summary: 'run a workload',
    description: 'With an `Idempotency-Key`, the same request gives the same answer, with `Idempotent-Replayed: true`.',
    tags: TAGS,
    headers: Headers,
    body: WorkloadShape,
    response: answers({ 202: AcceptedShape }, 409, 422, 429, 503),
  };
  app.post<{ Body: AskedWorkload }>(
    '/schedule',
    { config: { scope: 'write:jobs' }, schema, validatorCompiler: checkWorkload },
    async (request, reply) => {
      const { workload, mistakes } = readWorkload(request.body);
      if (mistakes.length > 0) throw refuse(mistakes);
      const key = request.headers['idempotency-key'];
      const { answer, id, replayed } = await workloads.schedule({
        workload,
        trace: readTrace(request.headers.traceparent as string | undefined),
        caller: nameCaller(request as FastifyRequest),
        idempotency: typeof key === 'string' ? { key, digest: digestOf(workload) } : null,
      });
      if (replayed) reply.header('idempotent-replayed', 'true');
      return reply.code(202).header('location', `/v1/jobs/${id}`).send(JSON.parse(answer));
    },
  );
}

/** Every mistake at once: of the shape, and of amounts that its shape does not stand in the way of. */
const checkWorkload: FastifySchemaCompiler<object> = (route) => {
  const check = checkShapes(route);
  return (data: unknown) => {
    const found = check(data);
    const error = typeof found === 'object' && 'error' in found ? found.error : null;
    if (route.httpPart !== 'body' || !(error instanceof OrchestratorError)) return found;
    const { resources, timeout } = (data ?? {}) as AskedWorkload;
    const isNamed = (path: string): boolean => error.fields.some((field) => path === field.path || path.startsWith(`${field.path}.`));
    const amounts = readAmounts({
      ...(typeof resources === 'object' && resources !== null ? { resources } : {}),
      ...(typeof timeout === 'string' ? { timeout } : {}),
    }).mistakes.filter(({ path }) => !isNamed(path));
    return amounts.length === 0 ? found : { error: Object.assign(refuse([...error.fields, ...amounts]), { statusCode: 422 }) };
  };
};

function refuse(mistakes: readonly FieldError[]): OrchestratorError {
  const message = `${mistakes.map((mistake) => mistake.message).join('; ')} [bad-value] help: GET /openapi.json describes the request`;
  return new OrchestratorError(422, 'bad_value', message, { fields: mistakes });
}

/** Of what is asked, not of how it was written: the order of members means nothing. */
function digestOf(workload: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sort(workload)))
    .digest('hex');
}

function sort(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sort);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.map(([name, member]) => [name, sort(member)]);
}

/** The caller's trace, or a new one. https://www.w3.org/TR/trace-context/#traceparent-header */
function readTrace(traceparent: string | undefined): string {
  const [, trace] = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent ?? '') ?? [];
  return trace === undefined || /^0+$/.test(trace) ? randomUUID().replaceAll('-', '') : trace;
}
