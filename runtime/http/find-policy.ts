import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import type { LiveRouter } from '../router/live-router.ts';

/** Policies beside the active one that a request can be put to. */
export const OTHER_POLICIES = ['previous', 'canary', 'shadow'] as const;
export type OtherPolicy = (typeof OTHER_POLICIES)[number];

/** What is needed of a policy that decides, and does nothing. */
export type HeldPolicy = Pick<LiveRouter, 'hash' | 'module' | 'manifest'>;

const REMEDIES: Readonly<Record<OtherPolicy, string>> = {
  previous: 'put another artifact in force with `PUT /v1/policy`',
  canary: 'start one with `PUT /v1/policy?canary=10`',
  shadow: 'put one there with `PUT /v1/policy?mode=shadow`',
};

/**
 * The policy that `?policy=` names; null: the active one.
 *
 * @throws GatewayError 400 where the name is none, 404 where there is no such policy at the moment.
 */
export function findPolicy({ cell, policy }: Gateway, name: unknown): HeldPolicy | null {
  if (name === undefined || name === 'active') return null;
  if (!OTHER_POLICIES.includes(name as OtherPolicy)) {
    const message = `\`policy\` must be one of active, ${OTHER_POLICIES.join(', ')} [bad-value] help: correct it, or leave it out`;
    throw new GatewayError(400, 'invalid_request_error', 'invalid_value', message, { param: 'policy' });
  }
  const found = { previous: () => cell.previous, canary: () => cell.canary, shadow: () => policy.shadow.policy }[name as OtherPolicy]();
  if (found !== null) return found;
  const message = `there is no ${name as OtherPolicy} policy [no-policy] help: ${REMEDIES[name as OtherPolicy]}`;
  throw new GatewayError(404, 'invalid_request_error', 'no_policy', message, { param: 'policy', headers: { 'x-should-retry': 'false' } });
}
