import type { PlacementReason, QuotaRefusal } from '../../../schema/workload.ts';
import { OrchestratorError } from '../orchestrator-error.ts';
import { MOST_LIVE } from './settings.ts';

/** Seconds. */
const RETRY_EVICTION = 10;

export function overQuota(refusals: readonly QuotaRefusal[]): OrchestratorError {
  const reasons = refusals.map(({ quota, limit, held, asked }) => ({ code: quota, limit, held, asked }));
  const words = reasons.map(({ code, limit, held, asked }) => `\`${code}\` is ${limit}: ${held} are held, ${asked} are asked for`);
  const message = `the quota does not allow it: ${words.join('; ')} [quota] help: wait for workloads to end, or raise \`workloads.quotas\` of the policy`;
  return new OrchestratorError(409, 'quota_exceeded', message, { reasons });
}

export function noNode(excluded: readonly PlacementReason[]): OrchestratorError {
  const reasons = excluded.map(({ node, filter, detail }) => ({ code: filter, node, detail }));
  const words = reasons.slice(0, 5).map(({ node, detail }) => `\`${node}\`: ${detail}`);
  const why = words.length === 0 ? 'there is none' : words.join('; ');
  const message = `no node can ever take it: ${why} [no-node] help: ask for less, for other labels, or add a node`;
  return new OrchestratorError(409, 'no_node', message, { reasons });
}

/** An eviction that its place refuses. */
export function keptThere(reason: string): OrchestratorError {
  const message = `its place keeps it: ${reason} [disruption-budget] help: ask again when more of its kind are up`;
  const reasons = [{ code: 'disruption_budget', detail: reason }];
  return new OrchestratorError(429, 'disruption_budget', message, { reasons, retryAfter: RETRY_EVICTION });
}

export function storeAway(): OrchestratorError {
  const message = 'the workload cannot be written down now [store] help: ask again in a few seconds, with the same `Idempotency-Key`';
  return new OrchestratorError(503, 'store_unavailable', message, { retryAfter: 5 });
}

export function noRules(): OrchestratorError {
  const message =
    'the policy that serves was compiled before workloads were part of it [no-workload-rules] help: compile it again with `policyc compile`';
  return new OrchestratorError(409, 'no_workload_rules', message, { reasons: [{ code: 'no_workload_rules' }] });
}

export function closing(): OrchestratorError {
  return new OrchestratorError(503, 'closing', 'the server goes down [closing] help: ask again in a few seconds', { retryAfter: 5 });
}

export function inFlight(): OrchestratorError {
  const message = 'a request with this `Idempotency-Key` is being judged [in-flight] help: ask again in a second, with the same key';
  return new OrchestratorError(409, 'idempotency_key_in_flight', message, {
    reasons: [{ code: 'idempotency_key_in_flight' }],
    retryAfter: 1,
  });
}

export function keyReused(): OrchestratorError {
  const message = 'this `Idempotency-Key` was given with another request [key-reused] help: take a new key for each new workload';
  return new OrchestratorError(422, 'idempotency_key_reused', message, {
    fields: [{ path: 'Idempotency-Key', message: 'it was used before' }],
  });
}

export function full(): OrchestratorError {
  const message = `${MOST_LIVE} workloads have not ended [too-many] help: wait for some to end`;
  return new OrchestratorError(429, 'too_many_workloads', message, { retryAfter: 10 });
}
