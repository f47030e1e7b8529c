import type { Exchange } from './exchange.ts';

/** Where a canary serves a part of the callers, and this is one of them, the request is the canary's, from here to its end. */
export function chooseSide(exchange: Exchange): void {
  const { gateway, request, route } = exchange;
  const { canary } = gateway.cell;
  if (canary === null || exchange.router !== gateway.cell.active) return;
  const { socket } = request;
  const row = gateway.policy.canary.rowOf(exchange.caller, route.scope, () => `${socket.remoteAddress}:${socket.remotePort}`);
  if (row < 0) return;
  exchange.router = canary;
  exchange.caller = row;
}
