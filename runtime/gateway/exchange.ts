import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Intent } from '../../schema/intent.ts';
import type { IngressRequest } from '../ingress/ingress.ts';
import type { Request, RequestTokens } from '../intent/request.ts';
import type { Refusal } from '../ledger/refusal.ts';
import type { LiveRouter } from '../router/live-router.ts';
import type { Attempt } from './attempt.ts';
import type { Gateway } from './gateway.ts';
import type { Routed } from './nexus-headers.ts';
import type { Observation } from './observe.ts';
import type { Outcome } from './outcome.ts';
import { endTrace } from './trace-request.ts';
import type { Span } from '../telemetry/tracer.ts';
import type { ProxiedRoute } from './proxied-route.ts';
import type { UpstreamFailure } from './upstream-failure.ts';

/**
 * One request on its way, from its headers to the end of its answer: what is known of it so far, and what is counted for it until
 * the connection is done with it.
 */
export class Exchange {
  readonly gateway: Gateway;
  readonly route: ProxiedRoute;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly id: string;
  /** `performance.now()` at its arrival. */
  readonly arrived: number;
  router: LiveRouter;
  /** Row of the caller in that router. */
  caller = -1;
  /** It is counted in `Admission`; so are `held` bytes of its body and of an answer that is not passed on at once, and its stream under the name `streamOf`. */
  admitted = false;
  held = 0;
  streamOf: string | null = null;
  /** Its body is whole: it counts as in flight in its router until `proxy` ends, and is recorded then. */
  begun = false;
  /** The body as it came, where it came in another API than OpenAI's, and what it says. */
  received: Buffer | null = null;
  entered: IngressRequest | null = null;
  asked: Request | null = null;
  tokens: RequestTokens | null = null;
  intent: Intent | null = null;
  decisionMicros = 0;
  /** `performance.now()` at the last decision. */
  decidedAt = 0;
  /** Rows of targets that were tried, in order. */
  readonly tried: number[] = [];
  /** Rows of targets that are out of question: those, and those that can't serve this request. */
  readonly excluded: number[] = [];
  /** Why the first of the latter can't. */
  unfit: Error | null = null;
  waitedMs = 0;
  /** The last target it was sent to. */
  routed: Routed | null = null;
  /** What constraints that are only observed would have made of it. */
  observation: Observation | null = null;
  /** The call that is under way. */
  attempt: Attempt | null = null;
  /** Ends the wait for a target; null where it doesn't wait. */
  stopWaiting: (() => void) | null = null;
  /** Targets whose cost no budget could bear, and why. */
  readonly unpaid: { readonly row: number; readonly refusal: Refusal }[] = [];
  /** Tokens taken from the rate of its caller, and what its attempts used of them. */
  heldTokens = 0;
  usedTokens = 0;
  /** Its caller's rate was asked for from other processes, and what is waited for. */
  drew = false;
  drawn: Promise<void> | null = null;
  /** What answers said that the caller's API has no word for. */
  notes: readonly string[] = [];
  /** How the last call ended. */
  outcome: Outcome | null = null;
  /** Of its trace; null where nobody asked for traces. */
  span: Span | null = null;
  /** No target took it; counted among the router's rejects. */
  refused = false;
  /** The caller has left. */
  gone = false;

  constructor(gateway: Gateway, route: ProxiedRoute, request: IncomingMessage, response: ServerResponse, id: string) {
    this.gateway = gateway;
    this.route = route;
    this.request = request;
    this.response = response;
    this.id = id;
    this.arrived = performance.now();
    this.router = gateway.cell.active;
  }

  /** Counts bytes that are kept until it is over; false where all of them would take too much memory. */
  hold(bytes: number): boolean {
    if (!this.gateway.admission.hold(bytes)) return false;
    this.held += bytes;
    return true;
  }

  /** Why the last attempt gave nothing, null where there was none. */
  get lastFailure(): UpstreamFailure | null {
    return this.outcome?.kind === 'failed' ? this.outcome.failure : null;
  }

  /** The connection is done with its answer, or broke: gives back what was counted, and ends what goes on for a caller that left. */
  close(): void {
    const { admission } = this.gateway;
    if (this.admitted) admission.leave();
    if (this.held > 0) admission.release(this.held);
    if (this.streamOf !== null) admission.closeStream(this.streamOf);
    this.admitted = false;
    this.held = 0;
    this.streamOf = null;
    const isAnswered = this.response.writableFinished;
    this.gone ||= !isAnswered;
    if (this.span !== null) endTrace(this, this.span);
    if (isAnswered) return;
    this.attempt?.abort();
    this.stopWaiting?.();
  }
}
