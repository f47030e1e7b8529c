import type { Job } from '../../jobs/job.ts';
import type { Tracer } from '../../telemetry/tracer.ts';
import type { RunStatus } from '../runner.ts';
import type { RunRow } from './workload-record.ts';

/** Tells of one run: how long it waited for its place, and what became of it there. Times are `performance.now()`. */
export function traceRun(
  tracer: Tracer,
  { id, trace }: Job,
  run: RunRow,
  times: { placing: number; started: number },
  status: RunStatus,
): void {
  // The span that the calls of a workload's parts name as their parent (`peers/peer-client.ts`).
  const parent = { trace, span: trace.slice(0, 16), sampled: true };
  const attributes = { 'policyd.job_id': id, 'policyd.attempt': run.attempt, 'policyd.node': run.node, 'policyd.node_kind': run.kind };
  tracer.startSpan('workload place', parent, attributes, 'internal', times.placing).end(null, times.started);
  const span = tracer.startSpan('workload run', parent, { ...attributes, 'policyd.exit_code': status.exitCode }, 'internal', times.started);
  span.end(status.phase === 'succeeded' ? null : status.phase);
}
