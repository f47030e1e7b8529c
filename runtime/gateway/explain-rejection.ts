import type { Explanation, RejectionReason } from '../../schema/decision.ts';
import { STAGES } from '../../schema/vocabulary.ts';
import type { LiveRouter } from '../router/live-router.ts';
import { toSeconds } from './find-shortest-wait.ts';
import { GatewayError } from './gateway-error.ts';
import { formatReasons } from './nexus-headers.ts';

/**
 * The answer to a request that no target can serve, with one reason for every candidate.
 *
 * @param waitMs until the first of them may; Infinity where waiting does not help.
 */
export function explainRejection(explanation: Explanation, router: LiveRouter, waitMs: number): GatewayError {
  const { intent } = explanation;
  const reasons = explanation.decision.decision === 'reject' ? explanation.decision.rejection_reasons : intent.rejection_reasons;
  const model = quote(intent.requested_model);
  if (isTooLong(explanation)) {
    const message = `the request is longer than the context of every target of ${model} [context-length] help: ${describeHelp(reasons)}`;
    return new GatewayError(400, 'invalid_request_error', 'context_length_exceeded', message, {
      param: intent.endpoint === 'chat' ? 'messages' : 'input',
      reasons,
      headers: { 'x-should-retry': 'false', 'x-nexus-rejection-reasons': formatReasons(reasons) },
    });
  }
  const eta = Number.isFinite(waitMs) ? toSeconds(waitMs) : null;
  return new GatewayError(
    503,
    'service_unavailable',
    'no_target',
    `no target can serve ${model}: ${countStages(reasons)} [no-target] help: ${describeHelp(reasons)}`,
    {
      reasons,
      context: {
        required_tier: intent.min_capability_tier,
        available_backends: listAvailable(router),
        eta_seconds: eta,
        privacy_zone_required: intent.privacy_constraint === 'restricted' ? 'restricted' : null,
      },
      headers: {
        'x-nexus-rejection-reasons': formatReasons(reasons),
        ...(eta === null ? { 'x-should-retry': 'false' } : { 'retry-after': String(eta) }),
      },
    },
  );
}

export function listAvailable(router: LiveRouter): string[] {
  return router.backends.filter((backend) => backend.health.state === 'up').map((backend) => backend.config.name);
}

/** A name as it may stand in a message: bounded, without control characters. */
export function quote(name: string): string {
  const clean = name.replace(/[\x00-\x1f\x7f]/g, '?');
  return `\`${clean.length > 128 ? `${clean.slice(0, 127)}…` : clean}\``;
}

/** What a target is by its nature: such a target would not serve the request however short it were. */
const BY_NATURE = ['model', 'class', 'capability'];

/** Every candidate that could serve such a request fell to its context window. */
function isTooLong(explanation: Explanation): boolean {
  const axes = explanation.links.flatMap((link) => link.stages.flatMap((stage) => stage.excluded.map((exclusion) => exclusion.axis)));
  return axes.includes('context') && axes.every((axis) => axis === 'context' || BY_NATURE.includes(axis));
}

function countStages(reasons: readonly RejectionReason[]): string {
  const counts = new Map<string, number>();
  for (const { reconciler } of reasons) counts.set(reconciler, (counts.get(reconciler) ?? 0) + 1);
  return [...counts].map(([stage, count]) => `${count} excluded by ${stage}`).join(', ') || 'it has no candidates';
}

/** The remedy for the candidate that came furthest: it is the nearest to serving. */
function describeHelp(reasons: readonly RejectionReason[]): string {
  let nearest: RejectionReason | null = null;
  for (const reason of reasons) {
    if (nearest === null || STAGES.indexOf(reason.reconciler) > STAGES.indexOf(nearest.reconciler)) nearest = reason;
  }
  return nearest?.suggested_action ?? 'declare a backend that serves this model';
}
