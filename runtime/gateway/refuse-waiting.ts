import { CODE } from '../../schema/decision.ts';
import type { Exchange } from './exchange.ts';
import { listAvailable, quote } from './explain-rejection.ts';
import { explainChoice } from './explain-choice.ts';
import { findShortestWait, toSeconds } from './find-shortest-wait.ts';
import { GatewayError } from './gateway-error.ts';
import { formatReasons } from './nexus-headers.ts';

/** The answer where a target would serve, but none had a place in time. */
export function refuseWaiting(exchange: Exchange, code: number): GatewayError {
  const { gateway, router } = exchange;
  const route = router.routes[code & CODE.TARGET];
  const loading = (code & CODE.LOADING) !== 0;
  const state = loading ? 'is loading' : 'is full';
  const explanation = explainChoice(router, exchange.intent!, router.state.live, router.module.none, exchange.id);
  const seconds = toSeconds(findShortestWait(explanation, router, [route.row], gateway.queue.size));
  const reasons = [
    {
      agent_id: route.backend.config.name,
      model: route.config.model,
      reconciler: 'SchedulerReconciler' as const,
      reason: `\`${route.name}\` ${state}`,
      suggested_action: loading ? 'retry when the model is loaded' : 'retry in a second, or raise `max_in_flight` of the backend',
    },
    ...explanation.intent.rejection_reasons.filter((reason) => reason.agent_id !== route.backend.config.name),
  ];
  const model = quote(exchange.asked!.body.model);
  const message = `every target that may serve ${model} ${state} [no-capacity] help: retry in ${seconds} s, or add capacity`;
  return new GatewayError(503, 'service_unavailable', 'no_capacity', message, {
    reasons,
    context: {
      required_tier: explanation.intent.min_capability_tier,
      available_backends: listAvailable(router),
      eta_seconds: seconds,
      privacy_zone_required: explanation.intent.privacy_constraint === 'restricted' ? 'restricted' : null,
    },
    headers: { 'retry-after': String(seconds), 'x-nexus-rejection-reasons': formatReasons(reasons) },
  });
}
