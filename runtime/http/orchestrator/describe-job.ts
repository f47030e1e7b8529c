import Type from 'typebox';
import { NODE_KINDS } from '../../../schema/workload.ts';
import { RUN_PHASES } from '../../orchestrator/runner.ts';
import type { Workload } from '../../orchestrator/workload.ts';
import type { Remembered } from '../../orchestrator/workloads/list-workloads.ts';
import type { Placed } from '../../orchestrator/workloads/placed.ts';
import { nameRun, type RunRow } from '../../orchestrator/workloads/workload-record.ts';
import { WORKLOAD_STATUSES } from '../../orchestrator/workloads/workload-status.ts';
import { PlacementShape } from './schedule.ts';

const Nullable = (shape: Type.TSchema) => Type.Union([shape, Type.Null()]);
const Time = (description: string) => Type.String({ description: `${description}; ISO 8601` });

export const JobShape = Type.Object({
  job_id: Type.String({ description: 'its stream is called the same' }),
  name: Type.String(),
  status: Type.Enum([...WORKLOAD_STATUSES]),
  reason: Nullable(Type.String({ description: 'why it waits, failed, or was ended' })),
  exit_code: Nullable(Type.Integer()),
  caller: Nullable(Type.String()),
  trace_id: Type.String(),
  attempts: Type.Integer({ description: 'runs, those that places lost included' }),
  stopping: Type.Boolean({ description: 'it was asked to end, and its run has not yet' }),
  pod_id: Nullable(Type.String({ description: 'the latest run' })),
  placement: Nullable(PlacementShape),
  created_at: Time('when it was accepted'),
  started_at: Nullable(Time('when its latest run started')),
  ended_at: Nullable(Time('when it ended, however it did')),
  workload: Type.Object(
    {
      image: Nullable(Type.String()),
      command: Type.Array(Type.String()),
      env: Type.Array(Type.String(), { description: 'names only' }),
      resources: Type.Object({
        cpu_millis: Type.Integer(),
        memory_bytes: Type.Integer(),
        gpus: Type.Integer(),
      }),
      privacy: Type.String(),
      labels: Type.Record(Type.String(), Type.String()),
      node_labels: Type.Record(Type.String(), Type.String()),
      timeout_ms: Nullable(Type.Integer()),
      retries: Type.Integer(),
      task: Nullable(Type.Object({ feature: Type.String(), id: Type.String() })),
      context: Nullable(Type.Object({ query: Type.String(), tokens: Type.Integer() })),
    },
    { description: 'as it was asked for, with defaults filled in' },
  ),
});

export const RunShape = Type.Object({
  pod_id: Type.String(),
  attempt: Type.Integer(),
  node: Type.String(),
  kind: Type.Enum([...NODE_KINDS]),
  phase: Type.Enum([...RUN_PHASES]),
  reason: Nullable(Type.String()),
  exit_code: Nullable(Type.Integer()),
  placed_at: Time('when it got its node'),
  started_at: Nullable(Time('when it started')),
  ended_at: Nullable(Time('when it ended')),
});

/** A workload as the API tells it. */
export function describeJob({ job, workload, run }: Remembered) {
  const { image, command, env, needs, privacy, labels, nodeLabels, timeout, retries, task, context } = JSON.parse(job.payload) as Workload;
  return {
    job_id: job.id,
    name: workload.name,
    status: workload.status,
    reason: workload.reason,
    exit_code: workload.exit_code,
    caller: job.caller,
    trace_id: job.trace,
    attempts: workload.attempt,
    stopping: workload.stop !== null && workload.held === 1,
    pod_id: run === null ? null : nameRun(run.job, run.attempt),
    placement: run === null ? null : (JSON.parse(run.placement) as Placed),
    created_at: new Date(job.createdAt).toISOString(),
    started_at: toTime(run?.started_at ?? null),
    ended_at: toTime(job.endedAt),
    workload: {
      image,
      command,
      env: Object.keys(env),
      resources: { cpu_millis: needs.cpuMillis, memory_bytes: needs.memoryBytes, gpus: needs.gpus },
      privacy,
      labels,
      node_labels: nodeLabels,
      timeout_ms: timeout,
      retries,
      task,
      context,
    },
  };
}

export function describeRun(run: RunRow) {
  const { job, attempt, node, kind, phase, reason, exit_code, placed_at, started_at, ended_at } = run;
  const times = { placed_at: toTime(placed_at)!, started_at: toTime(started_at), ended_at: toTime(ended_at) };
  return { pod_id: nameRun(job, attempt), attempt, node, kind, phase, reason, exit_code, ...times };
}

export function toTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
