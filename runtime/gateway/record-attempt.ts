import type { Route } from '../router/live-router.ts';
import { nameStatus } from '../telemetry/metrics.ts';
import type { Exchange } from './exchange.ts';
import { readRetryAfter } from './read-retry-after.ts';
import type { Outcome } from './outcome.ts';
import { isKeyRefused, isRedirect, type UpstreamFailure } from './upstream-failure.ts';

/** Rest of a backend that answers 429 and does not say for how long, in ms. */
const REST = 1_000;
/** Statuses whose `Retry-After` is obeyed. */
const ASK_FOR_REST = [429, 503, 529];

/** What an attempt tells of its target. `started` is `performance.now()` at its dispatch. */
export function recordAttempt(exchange: Exchange, route: Route, outcome: Outcome, started: number): void {
  const { gateway } = exchange;
  const { backend } = route;
  const { upstream } = route.config;
  exchange.router.state.touch();
  if (outcome.kind === 'aborted') return;
  if (outcome.kind === 'failed') {
    const { failure } = outcome;
    const keyed = backend.address.key !== null;
    if (isCallers(failure, keyed)) return;
    gateway.metrics.recordFailure(backend.config.name, failure.kind === 'status' ? `status-${nameStatus(failure.status)}` : failure.kind);
    const rest = findRest(failure);
    if (rest !== null) backend.reportRest(upstream, rest);
    backend.reportOutcome(upstream, started, performance.now(), false);
    if (failure.kind === 'connect' || (failure.kind === 'timeout' && failure.phase === 'connect')) backend.reportDown(failure.words);
    if (failure.kind === 'reset') backend.reportSuspect();
    if (isKeyRefused(failure, keyed) && failure.kind === 'status' && failure.status === 401)
      backend.reportDown('the api key is refused (401)');
    return;
  }
  backend.reportOutcome(upstream, started, outcome.endedAt, outcome.cut === null);
  if (outcome.cut !== null) {
    gateway.metrics.recordFailure(backend.config.name, 'cut');
    return;
  }
  if (!exchange.asked!.stream) return;
  const firstToken = outcome.firstByteAt - started;
  const gap = outcome.events > 1 ? (outcome.endedAt - outcome.firstByteAt) / (outcome.events - 1) : null;
  backend.recordStream(upstream, firstToken, gap);
  gateway.metrics.recordFirstToken(backend.config.name, firstToken);
}

function isCallers(failure: UpstreamFailure, keyed: boolean): boolean {
  if (failure.kind !== 'status' || failure.status >= 500 || isRedirect(failure) || isKeyRefused(failure, keyed)) return false;
  return failure.status !== 429 && failure.status !== 408;
}

function findRest(failure: UpstreamFailure): number | null {
  if (failure.kind !== 'status' || !ASK_FOR_REST.includes(failure.status)) return null;
  return readRetryAfter(failure.headers, Date.now()) ?? (failure.status === 429 ? REST : null);
}
