import type { Timeouts } from '../../schema/policy-set.ts';
import { CODE } from '../../schema/decision.ts';
import type { Route } from '../router/live-router.ts';
import type { AnswerBody } from './answer-body.ts';
import { type Choice, peek } from './choose.ts';
import { describeChoice } from './describe-choice.ts';
import type { Exchange } from './exchange.ts';
import { addRouted } from './nexus-headers.ts';
import type { Outcome } from './outcome.ts';
import type { Reservation } from '../ledger/reservation.ts';
import { recordAttempt } from './record-attempt.ts';
import { Relay, type RelayOwner } from './relay.ts';
import type { OpenFacts } from './reserve.ts';
import { settle } from './settle.ts';
import type { StatusFailure } from './upstream-failure.ts';
import { chooseWay } from './ways/choose-way.ts';
import type { Way } from './ways/way.ts';
import type { Span } from '../telemetry/tracer.ts';
import { beginAttemptTrace, endAttemptTrace, traceStep } from './trace-request.ts';
import { writeHeaders } from './write-headers.ts';

/** A decision is explained this often at most, in ms, for the exclusions by stage in the metrics; the backend works meanwhile. */
const SAMPLE = 100;

/** What comes after an attempt. Must not throw. */
export type Next = (exchange: Exchange, choice: Choice, outcome: Outcome) => void;

/** One call to the target that was chosen, whose place is already taken; the place is given back at its end. */
export class Attempt implements RelayOwner {
  readonly exchange: Exchange;
  readonly route: Route;
  readonly choice: Choice;
  /** `performance.now()`. */
  readonly started: number;
  readonly #next: Next;
  readonly #way: Way;
  /** The money set aside for it; null where it costs none. */
  readonly #reservation: Reservation | null;
  #begun = false;
  #body: AnswerBody | null = null;
  #relay: Relay | null = null;
  #described = false;
  /** How it ended before it was described: a connection may fail at once. */
  #early: Outcome | null = null;
  readonly #span: Span | null;

  constructor(exchange: Exchange, choice: Choice, reservation: Reservation | null, next: Next) {
    this.exchange = exchange;
    this.choice = choice;
    this.route = exchange.router.routes[choice.code & CODE.TARGET];
    this.started = performance.now();
    this.#next = next;
    this.#reservation = reservation;
    this.#way = chooseWay(exchange, this.route.backend.dialect);
    this.#span = exchange.span === null ? null : beginAttemptTrace(exchange, this.route, this.started);
  }

  get backendName(): string {
    return this.route.backend.config.name;
  }

  get timeouts(): Timeouts {
    return this.route.backend.config.timeouts;
  }

  get secret(): string | null {
    return this.route.backend.address.key;
  }

  /**
   * Writes the call and sends it; its answer, and the step after it, come by callbacks.
   *
   * @throws BadRequest for what the backend's dialect can't express: then it is over, and nothing was sent.
   */
  send(): void {
    const { exchange, route } = this;
    const { backend } = route;
    const { intent } = exchange;
    const cap =
      exchange.route.endpoint === 'chat' && (intent!.capSource === 1 || (intent!.capSource === 2 && route.priced))
        ? intent!.outputCap
        : null;
    try {
      const call = this.#way.write(exchange, route, cap);
      this.#relay = new Relay(this, exchange.response, this.started);
      exchange.attempt = this;
      backend.pool!.dispatch(
        {
          method: 'POST',
          path: backend.address.prefix + call.path,
          headers: writeHeaders(exchange, backend, call.headers, this.#span),
          body: call.body,
        },
        this.#relay,
      );
      exchange.routed = describeChoice(
        exchange,
        this.choice,
        route,
        cap,
        call.warnings,
        (this.#reservation?.facts as OpenFacts | undefined) ?? null,
      );
      this.#sample();
    } catch (error) {
      this.#giveUp();
      this.#span?.end('unfit');
      throw error;
    }
    this.#described = true;
    if (this.#early !== null) this.end(this.#early);
  }

  /** The caller left. */
  abort(): void {
    this.#relay?.abort();
  }

  openBody(headers: Readonly<Record<string, string | string[] | undefined>>): AnswerBody {
    return (this.#body = this.#way.openBody(this.exchange, this.route, headers));
  }

  readFailure(failure: StatusFailure): StatusFailure {
    return this.#way.readFailure(this.exchange, this.route, failure);
  }

  hasAlternative(): boolean {
    const { router, intent, excluded } = this.exchange;
    return peek(router, intent!, [...excluded, this.route.row]).code !== CODE.REJECT;
  }

  begin(headers: string[]): void {
    const { exchange, route } = this;
    this.#begun = true;
    this.#span?.event('first_byte');
    route.backend.reportAnswer(route.config.upstream, this.started);
    addRouted(headers, exchange.routed!, exchange.router, exchange.id, exchange.decisionMicros);
    if (exchange.gateway.draining) headers.push('connection', 'close');
  }

  end(outcome: Outcome): void {
    if (!this.#described) {
      this.#early = outcome;
      return;
    }
    // What failed may be sent on to the same connections: not from within the call that told of it.
    if (outcome.kind === 'answered') this.#end(outcome);
    else queueMicrotask(() => this.#end(outcome));
  }

  #recordUsage({ firstByteAt }: Outcome & { kind: 'answered' }): void {
    const { gateway, asked, route } = this.exchange;
    const usage = this.#body?.usage ?? null;
    if (usage === null && !asked!.stream) return;
    const operation = route.endpoint === 'embeddings' ? 'embeddings' : 'chat';
    gateway.metrics.recordUsage(this.route, operation, usage, asked!.stream ? firstByteAt - this.started : null);
  }

  #end(outcome: Outcome): void {
    const { exchange, route } = this;
    if (this.#body !== null && this.#body.warnings.length > 0) exchange.notes = this.#body.warnings;
    if (this.#span !== null) endAttemptTrace(this.#span, outcome, this.#body?.usage ?? null);
    if (outcome.kind === 'answered') this.#recordUsage(outcome);
    const settling = this.#span === null ? 0 : performance.now();
    if (this.#reservation !== null)
      settle(this.#reservation, {
        exchange,
        route,
        body: this.#body,
        begun: this.#begun,
        sent: this.#relay?.isSent ?? false,
        outcome,
        duration: performance.now() - this.started,
      });
    if (this.#span !== null && this.#reservation !== null)
      traceStep(exchange, 'ledger.settle', settling, { 'policyd.backend': this.backendName });
    if (exchange.heldTokens > 0) exchange.usedTokens += this.#countUsed(outcome);
    recordAttempt(exchange, route, outcome, this.started);
    // What is over must not lead to what is: chains of requests would survive until the next full collection, each of them copied.
    exchange.attempt = null;
    this.#relay = null;
    route.backend.release(route.config.upstream, this.started);
    this.#next(exchange, this.choice, outcome);
  }

  /** Tokens that count against the rate of its caller: what was not told was all that it may have. */
  #countUsed(outcome: Outcome): number {
    const isFree = outcome.kind === 'failed' && (outcome.failure.kind === 'connect' || outcome.failure.kind === 'status');
    if (isFree || !this.#relay!.isSent) return 0;
    const usage = this.#body?.usage ?? null;
    if (usage === null) return this.exchange.heldTokens;
    return usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h + usage.output;
  }

  /** Ends it before it was described: nobody is told. */
  #giveUp(): void {
    const { exchange, route } = this;
    exchange.attempt = null;
    if (this.#reservation !== null) exchange.gateway.ledger.void(this.#reservation);
    this.#relay?.abort();
    this.#relay = null;
    route.backend.release(route.config.upstream, this.started);
  }

  #sample(): void {
    const { exchange, choice } = this;
    const { gateway } = exchange;
    if (this.started < gateway.sampleFrom) return;
    gateway.sampleFrom = this.started + SAMPLE;
    gateway.metrics.recordExplanation(exchange.router.module.explain(exchange.intent!, choice.live, choice.excluded, exchange.id));
  }
}
