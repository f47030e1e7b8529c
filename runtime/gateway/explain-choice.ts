import type { Exclusion, Explanation, RejectionReason } from '../../schema/decision.ts';
import type { Intent } from '../../schema/intent.ts';
import type { Live } from '../../schema/router.ts';
import type { LiveRouter } from '../router/live-router.ts';
import { toSeconds } from './find-shortest-wait.ts';

type Told = Pick<Exclusion, 'reason' | 'suggested_action'>;

/**
 * The router's explanation, with what only the runtime knows: why a target is out of service and for how long. The router itself sees
 * one bit.
 */
export function explainChoice(router: LiveRouter, intent: Intent, live: Live, excluded: Int32Array, requestId: string): Explanation {
  const explanation = router.module.explain(intent, live, excluded, requestId);
  const told = new Map<string, Told>();
  const links = explanation.links.map((link) => ({
    ...link,
    stages: link.stages.map((stage) => ({ ...stage, excluded: stage.excluded.map((exclusion) => tell(router, exclusion, told)) })),
  }));
  const retell = (reasons: readonly RejectionReason[]): RejectionReason[] =>
    reasons.map((reason) => ({ ...reason, ...told.get(reason.reason) }));
  const { decision } = explanation;
  return {
    links,
    intent: { ...explanation.intent, rejection_reasons: retell(explanation.intent.rejection_reasons) },
    decision: decision.decision === 'reject' ? { ...decision, rejection_reasons: retell(decision.rejection_reasons) } : decision,
  };
}

/** Notes what it says instead, by what the router said: the list of reasons holds the same words. */
function tell(router: LiveRouter, exclusion: Exclusion, told: Map<string, Told>): Exclusion {
  if (exclusion.axis !== 'live') return exclusion;
  const { backend, config } = router.routes[exclusion.target];
  const { condition, reason: why, waitMs } = backend.describe(config.upstream);
  if (why === null) return exclusion;
  const suggested_action =
    condition === 'down' || condition === 'full'
      ? exclusion.suggested_action
      : `retry in ${toSeconds(waitMs)} s, or serve \`${config.model}\` from another backend`;
  const instead = { reason: `${exclusion.reason}: ${why}`, suggested_action };
  told.set(exclusion.reason, instead);
  return { ...exclusion, ...instead };
}
