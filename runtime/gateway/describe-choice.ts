import { CODE } from '../../schema/decision.ts';
import { RELAXATIONS } from '../../schema/vocabulary.ts';
import type { Route } from '../router/live-router.ts';
import type { Choice } from './choose.ts';
import { countForEstimate } from './count-for-estimate.ts';
import type { Exchange } from './exchange.ts';
import type { Routed } from './nexus-headers.ts';
import { type Observation, observe } from './observe.ts';
import type { OpenFacts } from './reserve.ts';

/** Who was chosen, why, at what cost and with which concessions. Made while the backend works. */
export function describeChoice(
  exchange: Exchange,
  choice: Choice,
  route: Route,
  cap: number | null,
  told: readonly string[],
  facts: OpenFacts | null,
): Routed {
  const { module } = exchange.router;
  const intent = exchange.intent!;
  const warnings: string[] = [...told];
  const relaxed = RELAXATIONS[(choice.code >> CODE.RELAXED_SHIFT) & CODE.RELAXED];
  if (relaxed === 'tier' || relaxed === 'tier+quality') warnings.push('tier-fallback');
  if (relaxed === 'quality' || relaxed === 'tier+quality') {
    const missed = module.verdicts(intent, choice.live, choice.excluded, route.row);
    if (missed.includes('quality') || missed.includes('measured')) warnings.push('quality-floor');
    if (missed.includes('sla')) warnings.push('sla');
  }
  if (cap !== null) warnings.push(`output-cap-${intent.capSource === 1 ? 'lowered' : 'added'}=${cap}`);
  exchange.observation = observe(exchange, choice, route);
  if (exchange.observation !== null) warnings.push(...tellShadow(exchange.observation));
  return {
    route,
    reason: module.reason(intent, choice.live, choice.excluded, choice.code, exchange.tried.length),
    cost: route.priced ? estimate(exchange, route, facts) : module.estimate(intent, route.row),
    warnings,
  };
}

/** Constraints that are only observed: which of them the target misses, and whether they would have left any. */
function tellShadow({ decision, violations }: Observation): string[] {
  const missed = violations.map(({ constraint }) => `shadow-${constraint}`);
  return decision === 'reject' ? [...missed, 'shadow-reject'] : missed;
}

/** With the output that such requests were found to have; what is written down is the estimate before that, which the next one learns from. */
function estimate(exchange: Exchange, route: Route, facts: OpenFacts | null): number {
  const { module } = exchange.router;
  const { model, encoding } = route.config;
  const counted = countForEstimate(exchange.intent!, exchange.tokens!, encoding);
  if (facts !== null) {
    const plain = module.estimate(counted, route.row);
    facts.estimate = Number.isFinite(plain) ? plain : null;
    facts.estimatedInput = counted.input;
    facts.estimatedOutput = counted.output;
  }
  const ratio = exchange.gateway.ledger.calibration.output(model);
  return module.estimate(
    ratio === 1 ? counted : { ...counted, output: Math.min(counted.outputCap, Math.round(counted.output * ratio)) },
    route.row,
  );
}
