import type { Explanation } from '../../schema/decision.ts';
import { CODE } from '../../schema/decision.ts';
import type { RequestHints } from '../../schema/request.ts';
import { analyzeCounted } from '../intent/analyze-counted.ts';
import type { Request, RequestTokens } from '../intent/request.ts';
import type { TokenCounter } from '../intent/token-counter.ts';
import type { LiveRouter } from '../router/live-router.ts';
import { Mirror } from '../router/mirror.ts';
import { countForEstimate } from './count-for-estimate.ts';
import { GatewayError } from './gateway-error.ts';
import { refuseProblem } from './refuse-problem.ts';

/** A request that is put to a policy: what `analyze` is called with, but for the caller, who has another row there. */
export interface Asked {
  readonly request: Request;
  readonly tokens: RequestTokens;
  readonly hints: RequestHints;
  /** Row of the caller in `router`. */
  readonly caller: number;
  readonly requestId: string;
}

export interface Elsewhere {
  readonly explanation: Explanation;
  readonly epoch: number;
  /** Time of analysis and decision in µs. */
  readonly micros: number;
}

/**
 * What another policy would decide in the world as `router` sees it now. Nobody is called, and nothing is measured anew: a backend that only
 * the other policy has counts as ready.
 *
 * @throws GatewayError 409 where the caller's key is none of the other policy's, 400 or 404 where it knows no such names.
 */
export async function decideElsewhere(
  other: Pick<LiveRouter, 'module' | 'manifest'>,
  router: LiveRouter,
  asked: Asked,
  counter: TokenCounter,
): Promise<Elsewhere> {
  const mirror = new Mirror(other);
  const caller = mirror.callerOf(router.manifest, asked.caller);
  if (caller < 0) {
    const message = 'the key of this request is not known to that policy [unknown-key] help: use a key that both policies have';
    throw new GatewayError(409, 'invalid_request_error', 'unknown_caller', message, { headers: { 'x-should-retry': 'false' } });
  }
  const { request, tokens, hints, requestId } = asked;
  const { module, manifest } = mirror;
  await analyzeCounted(module, request, hints, caller, tokens, counter);
  const { live: seen } = router.state;
  const live = mirror.see({ manifest: router.manifest, snapshot: seen.snapshot, state: seen.state, budgets: seen.budgets });
  const start = performance.now();
  const intent = module.analyze(request.body, hints, caller, tokens);
  refuseProblem(intent.problem, request.body.model, hints);
  const code = module.decide(intent, live, module.none);
  const micros = (performance.now() - start) * 1e3;
  const encoding = code === CODE.REJECT ? null : manifest.targets[code & CODE.TARGET].encoding;
  const counted = encoding === null ? intent : countForEstimate(intent, tokens, encoding);
  return { explanation: module.explain(counted, live, module.none, requestId), epoch: live.epoch, micros };
}
