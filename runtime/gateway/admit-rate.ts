import type { CallerConfig } from '../../schema/manifest.ts';
import type { RateKind } from '../auth/rates.ts';
import type { LiveRouter } from '../router/live-router.ts';
import { toSeconds } from './find-shortest-wait.ts';
import type { Exchange } from './exchange.ts';
import type { Gateway } from './gateway.ts';
import { GatewayError } from './gateway-error.ts';

/** Of text that was not counted, about: what is missing is owed afterwards. */
const BYTES_PER_TOKEN = 4;

/** What has to be waited for before `admitRate` can tell; null = nothing. */
export function drawRate(gateway: Gateway, router: LiveRouter, caller: number): Promise<void> | null {
  const config = router.manifest.callers[caller];
  return config?.rate?.requests ? gateway.rates.draw(config, 'requests', 1) : null;
}

/** The same before `admitTokens`; once for a request. */
export function drawTokens(exchange: Exchange): Promise<void> | null {
  const config = exchange.router.manifest.callers[exchange.caller];
  if (!config?.rate?.tokens || exchange.drew) return null;
  exchange.drew = true;
  return exchange.gateway.rates.draw(config, 'tokens', countHeld(exchange));
}

/**
 * Counts a request of a caller whose key has a rate.
 *
 * @throws GatewayError 429 `rate_limit_exceeded` where it asks too often.
 */
export function admitRate(gateway: Gateway, router: LiveRouter, caller: number): void {
  const config = router.manifest.callers[caller];
  if (config?.rate?.requests) take(gateway, config, 'requests', 1);
}

/**
 * Takes the tokens that a request may cost its caller: its input as far as it is known, and all the output that it may have. What is not used
 * comes back with `settleTokens`, so that cautious caps do not use a rate up.
 *
 * @throws GatewayError 429 `rate_limit_exceeded` where there are not as many left.
 */
export function admitTokens(exchange: Exchange): void {
  const config = exchange.router.manifest.callers[exchange.caller];
  if (!config?.rate?.tokens) return;
  const amount = countHeld(exchange);
  take(exchange.gateway, config, 'tokens', amount);
  exchange.heldTokens = amount;
}

function countHeld({ intent, route }: Exchange): number {
  const { inputLow, inputHigh, outputCap, answers } = intent!;
  const output = route.endpoint === 'embeddings' ? 0 : outputCap * answers;
  const input = inputLow === inputHigh ? inputHigh : Math.max(inputLow, Math.ceil(inputHigh / BYTES_PER_TOKEN));
  return input + output;
}

/** Gives back what was not used, once. Where an answer did not tell, all of it was. */
export function settleTokens(exchange: Exchange): void {
  const { heldTokens, usedTokens } = exchange;
  if (heldTokens === 0) return;
  exchange.heldTokens = 0;
  exchange.gateway.rates.giveBack(exchange.router.manifest.callers[exchange.caller], 'tokens', heldTokens - usedTokens);
}

function take(gateway: Gateway, config: CallerConfig, kind: RateKind, amount: number): void {
  const wait = gateway.rates.take(config, kind, amount);
  if (wait === 0) return;
  gateway.metrics.recordRefusal(`rate-${kind}`);
  const { most, ms } = config.rate![kind]!;
  const message = `key \`${config.name}\` may ask for ${most} ${kind} in ${ms / 1_000} s [rate-limit] help: retry after \`Retry-After\`, or raise \`keys.${config.name}.rate.${kind}\``;
  throw new GatewayError(429, 'rate_limit_error', 'rate_limit_exceeded', message, { headers: { 'retry-after': String(toSeconds(wait)) } });
}
