import type { RoutingIntent } from '../../schema/intent.ts';
import type { LiveRouter, Route } from '../router/live-router.ts';
import { listAvailable } from './explain-rejection.ts';
import { toSeconds } from './find-shortest-wait.ts';
import { GatewayError, type RejectionContext } from './gateway-error.ts';
import { formatReasons } from './nexus-headers.ts';
import { isKeyRefused, isRedirect, type UpstreamFailure } from './upstream-failure.ts';

/**
 * The answer where the last target failed and none is left; null where the backend's own answer is the answer.
 *
 * @param waitMs until the first of the targets may serve again; Infinity where waiting does not help.
 */
export function explainFailure(
  failure: UpstreamFailure,
  route: Route,
  router: LiveRouter,
  read: RoutingIntent,
  waitMs: number,
): GatewayError | null {
  const seconds = Number.isFinite(waitMs) ? toSeconds(waitMs) : null;
  const name = `\`${route.backend.config.name}\``;
  const context: RejectionContext = {
    required_tier: read.min_capability_tier,
    available_backends: listAvailable(router),
    eta_seconds: seconds,
    privacy_zone_required: read.privacy_constraint === 'restricted' ? 'restricted' : null,
  };
  const reasons = [
    {
      agent_id: route.backend.config.name,
      model: route.config.model,
      reconciler: 'SchedulerReconciler' as const,
      reason: failure.words,
      suggested_action: 'retry in a second, or add a backend that can take over',
    },
    ...read.rejection_reasons.filter(({ agent_id, model }) => agent_id !== route.backend.config.name || model !== route.config.model),
  ];
  const shown = { 'x-nexus-rejection-reasons': formatReasons(reasons) };
  const headers = { ...shown, ...(seconds === null ? {} : { 'retry-after': String(seconds) }) };
  if (failure.kind === 'timeout') {
    const message = `${failure.words} and no target is left [upstream-timeout] help: retry, or raise \`timeouts.${failure.phase}\` of ${name}`;
    return new GatewayError(504, 'timeout', 'upstream_timeout', message, { context, reasons, headers: shown });
  }
  if (failure.kind !== 'status') {
    const message = `${failure.words} and no target is left [upstream-unreachable] help: retry in ${seconds ?? 'a few'} s, or check the server of ${name}`;
    return new GatewayError(503, 'service_unavailable', 'upstream_unreachable', message, { context, reasons, headers });
  }
  if (isKeyRefused(failure, route.backend.address.key !== null)) {
    const message = `backend ${name} refuses its api key (${failure.status}) [upstream-key] help: put a valid key into \`${route.backend.config.api_key_env}\` and restart policyd`;
    return new GatewayError(failure.status, 'authentication_error', 'upstream_key_refused', message, { headers: shown, reasons });
  }
  if (isRedirect(failure)) {
    const message = `backend ${name} answers with a redirect (${failure.status}), and none is followed [upstream-redirect] help: set its \`url\` to the address that serves`;
    return new GatewayError(502, 'upstream_error', 'upstream_redirect', message, { context, reasons, headers });
  }
  if (failure.status === 529) {
    const message = `backend ${name} is overloaded (529) and no target is left [upstream-overloaded] help: retry in ${seconds ?? 'a few'} s`;
    return new GatewayError(503, 'service_unavailable', 'upstream_overloaded', message, { context, reasons, headers });
  }
  if (failure.body !== null) return null;
  const message = `backend ${name} answered ${failure.status} with more than can be passed on [upstream-error] help: check the server of ${name}`;
  return new GatewayError(failure.status, 'upstream_error', 'upstream_error', message);
}
