import { CODE, type Violation } from '../../schema/decision.ts';
import type { Route } from '../router/live-router.ts';
import type { Choice } from './choose.ts';
import type { Exchange } from './exchange.ts';
import { readHints } from './read-hints.ts';

/** What the constraints of a policy that only observes them would have made of a request. */
export interface Observation {
  readonly decision: 'route' | 'queue' | 'reject';
  /** `backend/model`; null where none would have been left. */
  readonly target: string | null;
  /** Estimate on that target in nano-dollars; 0 where there is none, NaN where its price is unknown. */
  readonly cost: number;
  /** Pico-dollars that the estimate may not exceed; Infinity = none. */
  readonly costCap: number;
  /** The constraints that the target which does serve it does not meet. */
  readonly violations: readonly Violation[];
}

/** Decides once more, with constraints, while the backend works. Null where they are not observed. Pure, but for what it counts. */
export function observe(exchange: Exchange, choice: Choice, route: Route): Observation | null {
  const { router, asked, caller, tokens, excluded, request } = exchange;
  const { strict } = router;
  if (strict === null) return null;
  const { module, state } = strict;
  const intent = module.analyze(asked!.body, readHints(request.headers), caller, tokens!);
  const { live } = state;
  const without = excluded.length === 0 ? module.none : module.exclude(live, excluded);
  const code = module.decide(intent, live, without);
  const violations = module.violations(intent, live, route.row);
  const target = code === CODE.REJECT ? null : router.routes[code & CODE.TARGET];
  const observation: Observation = {
    decision: target === null ? 'reject' : (code & (CODE.LOADING | CODE.FULL)) === 0 ? 'route' : 'queue',
    target: target?.name ?? null,
    cost: target === null ? 0 : module.estimate(intent, target.row),
    costCap: intent.costCap,
    violations,
  };
  const isSame = target?.row === (choice.code & CODE.TARGET);
  exchange.gateway.metrics.recordObservation(observation, isSame, module.estimate(intent, route.row));
  return isSame && violations.length === 0 ? null : observation;
}
