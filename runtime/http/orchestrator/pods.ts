import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { type Pod, RUN_PHASES } from '../../orchestrator/runner.ts';
import type { Workloads } from '../../orchestrator/workloads/workloads.ts';
import { answers, TAGS } from './shapes.ts';
import { viewerOf } from '../viewer.ts';

const Nullable = (shape: Type.TSchema) => Type.Union([shape, Type.Null()]);
const PodShape = Type.Object({
  id: Type.String(),
  job_id: Nullable(Type.String()),
  name: Type.String(),
  node: Type.String(),
  kind: Nullable(Type.String()),
  phase: Type.Enum([...RUN_PHASES]),
  reason: Nullable(Type.String()),
  exit_code: Nullable(Type.Integer()),
  started_at: Nullable(Type.String()),
  ended_at: Nullable(Type.String()),
  foreign: Type.Boolean({ description: 'not one of ours, and shown only' }),
});
const PodsShape = Type.Object({
  items: Type.Array(PodShape),
  errors: Type.Array(Type.Object({ nodes: Type.Array(Type.String()), message: Type.String() }), {
    description: 'places that could not be asked',
  }),
  truncated: Type.Boolean({ description: 'there are more' }),
});

/** `GET /pods`: what runs, here and elsewhere. */
export function servePods(app: FastifyInstance, workloads: Workloads): void {
  const schema = { summary: 'what runs, here and elsewhere', tags: TAGS, response: answers({ 200: PodsShape }) };
  app.get('/pods', { config: { scope: 'read:jobs' }, schema }, async (request) => {
    const { items, errors, truncated } = await workloads.pods(viewerOf(request as FastifyRequest));
    const kinds = new Map(workloads.nodes().map(({ name, kind }) => [name, kind]));
    return { items: items.map((pod) => describePod(pod, kinds.get(pod.node) ?? null)), errors, truncated };
  });
}

function describePod({ id, job, name, node, foreign, status }: Pod, kind: string | null) {
  return {
    id,
    job_id: job,
    name,
    node,
    kind,
    phase: status.phase,
    reason: status.reason,
    exit_code: status.exitCode,
    started_at: toTime(status.startedAt),
    ended_at: toTime(status.endedAt),
    foreign,
  };
}

function toTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
