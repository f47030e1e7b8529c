import type { Choice } from './choose.ts';
import type { Exchange } from './exchange.ts';

/**
 * Tells log, ring and shadow of a decision. At once, and before a place is taken: the words that it was made on change in place. A request that
 * waits is told of when it begins to, and when it need not any more.
 *
 * @param micros time that it took.
 * @param now `performance.now()`.
 */
export function recordDecision(exchange: Exchange, { code, live }: Choice, micros: number, now: number): void {
  const { gateway, router, excluded, id } = exchange;
  const intent = exchange.intent!;
  gateway.recorder.record({ requestId: id, router, intent, live, tried: excluded, code, micros }, now);
  if (excluded.length === 0 && exchange.stopWaiting === null) offerShadow(exchange, code, intent.policy);
}

/** A first decision, or the refusal of names that the router does not know: to the shadow, where there is one. */
export function offerShadow({ gateway, router, asked, tokens, request, caller, id }: Exchange, code: number, policy: number): void {
  const { shadow } = gateway.policy;
  if (!shadow.isRunning || router !== gateway.cell.active) return;
  const { live } = router.state;
  shadow.offer({ requestId: id, router, asked: asked!, tokens: tokens!, headers: request.headers, caller, live, policy, code });
}
