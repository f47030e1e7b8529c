import type { Kysely } from 'kysely';
import type { WorkloadRules } from '../../../schema/workload.ts';
import { OrchestratorError } from '../orchestrator-error.ts';
import { findWorkload } from './list-workloads.ts';
import type { WorkloadTables } from './tables.ts';
import type { Viewer } from '../../auth/viewer.ts';
import { parseRun } from './workload-record.ts';
import { isOver } from './workload-status.ts';
import type { Eviction, Workloads } from './workloads.ts';

/**
 * Evicts the run of a workload, where policy and place allow it.
 *
 * @throws OrchestratorError 404 where there is no such run for this viewer, 409 where it is protected or has ended, 429 where its place keeps it.
 */
export async function evictPod(
  { tables, workloads, rules }: { tables: Kysely<WorkloadTables>; workloads: Workloads; rules: WorkloadRules | null },
  viewer: Viewer,
  pod: string,
  reason: string,
): Promise<{ readonly job: string; readonly result: Eviction }> {
  const named = parseRun(pod);
  const found = named === null ? null : await findWorkload(tables, viewer, named.job);
  if (named === null || found === null || named.attempt > found.workload.attempt) {
    throw new OrchestratorError(404, 'unknown_pod', `there is no pod \`${pod.slice(0, 128)}\` [unknown-pod] help: GET /pods lists them`);
  }
  const { workload, run } = found;
  // In doubt it is protected: a policy that cannot be asked allows nothing.
  if (rules === null || rules.protects(workload.name)) {
    const message = `\`${workload.name}\` is protected [protected] help: \`workloads.protected\` of the policy names what is never evicted`;
    throw new OrchestratorError(409, 'protected', message, { reasons: [{ code: 'protected', name: workload.name }] });
  }
  if (isOver(workload.status) || named.attempt < workload.attempt || run === null || run.ended_at !== null) {
    const message = `pod \`${pod}\` has ended [ended] help: GET /v1/jobs/${named.job} says how`;
    throw new OrchestratorError(409, 'ended', message, { reasons: [{ code: 'ended' }] });
  }
  return { job: named.job, result: await workloads.evict(named.job, reason) };
}
