import type { Exchange } from './exchange.ts';
import { GatewayError } from './gateway-error.ts';

/**
 * Counts a stream of this caller until its answer is over.
 *
 * @throws GatewayError 429 where the caller has too many open.
 */
export function admitStream(exchange: Exchange): void {
  const { gateway } = exchange;
  const caller = exchange.router.manifest.callers[exchange.caller]?.name ?? '';
  if (gateway.admission.openStream(caller)) {
    exchange.streamOf = caller;
    return;
  }
  gateway.metrics.recordRefusal('streams');
  const most = gateway.config.maxStreamsPerCaller;
  const message = `${most} streams of this caller are open [stream-limit] help: let one end first, or raise \`--max-streams-per-caller\``;
  throw new GatewayError(429, 'rate_limit_error', 'too_many_streams', message, { headers: { 'retry-after': '1' } });
}
