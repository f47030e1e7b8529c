import type { FastifyReply } from 'fastify';
import { CODE } from '../../schema/decision.ts';
import type { Intent } from '../../schema/intent.ts';
import { type Endpoint, RELAXATIONS } from '../../schema/vocabulary.ts';
import type { Request, RequestTokens } from '../intent/request.ts';
import type { LiveRouter, Route } from '../router/live-router.ts';
import type { Choice } from './choose.ts';
import { countForEstimate } from './count-for-estimate.ts';
import type { Routed } from './nexus-headers.ts';
import type { Outcome } from './relay.ts';
import type { UpstreamFailure } from './upstream-failure.ts';

/** One request on its way: what is known of it so far. */
export interface Exchange {
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly router: LiveRouter;
  readonly reply: FastifyReply;
  readonly caller: number;
  /** `performance.now()` at its arrival. */
  readonly arrived: number;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  asked: Request | null;
  tokens: RequestTokens | null;
  intent: Intent | null;
  decisionMicros: number;
  /** Rows of targets that were tried, in order. */
  readonly tried: number[];
  waitedMs: number;
  /** The last target it was sent to. */
  routed: Routed | null;
  /** How the last call ended. */
  outcome: Outcome | null;
  /** No target took it; counted among the router's rejects. */
  refused: boolean;
  /** The caller has left. */
  gone: boolean;
  /** Ends what is being waited for. */
  cancel: () => void;
}

/** Why the last attempt gave nothing, null where there was none. */
export function lastFailure(exchange: Exchange): UpstreamFailure | null {
  return exchange.outcome?.kind === 'failed' ? exchange.outcome.failure : null;
}

/** Who was chosen, why, at what cost and with which concessions. Made while the backend works. */
export function describeChoice(exchange: Exchange, choice: Choice, route: Route, cap: number | null): Routed {
  const { module } = exchange.router;
  const intent = exchange.intent!;
  const warnings: string[] = [];
  const relaxed = RELAXATIONS[(choice.code >> CODE.RELAXED_SHIFT) & CODE.RELAXED];
  if (relaxed === 'tier' || relaxed === 'tier+quality') warnings.push('tier-fallback');
  if (relaxed === 'quality' || relaxed === 'tier+quality') {
    const missed = module.verdicts(intent, choice.live, choice.excluded, route.row);
    if (missed.includes('quality') || missed.includes('measured')) warnings.push('quality-floor');
    if (missed.includes('sla')) warnings.push('sla');
  }
  if (cap !== null) warnings.push(`output-cap-${intent.capSource === 1 ? 'lowered' : 'added'}=${cap}`);
  return {
    route,
    reason: module.reason(intent, choice.live, choice.excluded, choice.code, exchange.tried.length),
    cost: module.estimate(route.priced ? countForEstimate(intent, exchange.tokens!, route.config.encoding) : intent, route.row),
    warnings,
  };
}
