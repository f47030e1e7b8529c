import { CODE } from '../../schema/decision.ts';
import { readKey } from '../auth/read-key.ts';
import { authenticate } from '../auth/authenticate.ts';
import { BadRequest } from '../intent/bad-request.ts';
import { readRequestBody } from '../intent/request-body.ts';
import { countTokens, WORK_IN_PLACE } from '../intent/token-count.ts';
import type { Refusal } from '../ledger/refusal.ts';
import type { Reservation } from '../ledger/reservation.ts';
import { settleTokens } from './admit-rate.ts';
import { admitStream } from './admit-stream.ts';
import { answerError } from './answer-error.ts';
import { answerFailure } from './answer-failure.ts';
import { Attempt } from './attempt.ts';
import { canThink, wantsToThink } from './can-think.ts';
import { type Choice, mustWait } from './choose.ts';
import { decide } from './decide.ts';
import type { Exchange } from './exchange.ts';
import type { Outcome } from './outcome.ts';
import { recordExchange } from './record-exchange.ts';
import { refuse } from './refuse.ts';
import { reserve, tryReserve } from './reserve.ts';
import { traceStep } from './trace-request.ts';
import { giveBack, hasPlace, tryTake } from './try-take.ts';
import { isRetryable } from './upstream-failure.ts';
import { waitForTarget } from './wait-for-target.ts';

/** Targets one request may be sent to. */
const ATTEMPTS = 8;

/**
 * The one path of a request: read, analyze, decide, send, relay, record; the next target where one fails before its first byte. Each
 * step calls the next one, at once or when there is news, and whatever a step throws becomes the answer: nothing here is awaited, since a
 * request that is routed and answered has no use for a promise (they were 2 % of its CPU).
 */
export function proxy(exchange: Exchange, body: Buffer): void {
  try {
    begin(exchange);
    read(exchange, body);
    if (exchange.asked!.stream) admitStream(exchange);
    exchange.tokens = countTokens(exchange.asked!, exchange.gateway.memory, WORK_IN_PLACE);
    consider(exchange);
  } catch (error) {
    fail(exchange, error);
  }
}

/** @throws BadRequest that names everything wrong with it. */
function read(exchange: Exchange, body: Buffer): void {
  const { endpoint, ingress } = exchange.route;
  if (ingress === null) exchange.asked = readRequestBody(endpoint, body);
  else {
    exchange.received = body;
    exchange.entered = ingress.read(body);
    exchange.asked = readRequestBody(endpoint, exchange.entered.chat);
    if (ingress.readThoughtless === undefined || !wantsToThink(exchange.asked) || canThink(exchange.router, exchange.entered.model)) return;
    exchange.entered = ingress.readThoughtless(body);
    exchange.asked = readRequestBody(endpoint, exchange.entered.chat);
  }
}

/**
 * It counts as in flight in its router from now on.
 *
 * @throws GatewayError 401 or 403 where its router was dropped while its body arrived, and the one that serves now knows no such caller.
 */
function begin(exchange: Exchange): void {
  if (exchange.router.closed) {
    exchange.router = exchange.gateway.cell.active;
    exchange.caller = authenticate(exchange.router, readKey(exchange.request), exchange.route.scope);
  }
  exchange.begun = true;
  exchange.router.inFlight++;
}

/**
 * Decides at once, but for the rare request whose decision depends on a count that would keep others waiting, which a thread makes, or
 * whose caller's rate is in the hands of other processes.
 */
function consider(exchange: Exchange): void {
  const choice = decide(exchange);
  if (choice !== null) {
    place(exchange, choice);
    return;
  }
  const open = exchange.drawn ?? exchange.gateway.counter.settle(exchange.asked!, exchange.tokens!);
  exchange.drawn = null;
  open.then(() => (exchange.gone ? end(exchange, null) : consider(exchange))).catch((error: unknown) => fail(exchange, error));
}

/** Sends it where a place was taken, waits for one where that helps, answers where neither does. */
function place(exchange: Exchange, choice: Choice): void {
  if (!mustWait(choice.code)) sendOrAnswer(exchange, choice);
  else {
    waitForTarget(exchange, choice)
      .then((found) => sendOrAnswer(exchange, found))
      .catch((error: unknown) => fail(exchange, error));
  }
}

function sendOrAnswer(exchange: Exchange, choice: Choice): void {
  if (exchange.gone) {
    giveBack(exchange, choice);
    end(exchange, null);
  } else if (hasPlace(choice)) attempt(exchange, choice);
  else if (exchange.lastFailure !== null) giveFailure(exchange);
  else if (exchange.unfit !== null && exchange.unpaid.length === 0) throw exchange.unfit;
  else refuse(exchange, choice);
}

/** A target that costs gets its money set aside first; one that no budget can bear gives way to the next: degrade before block. */
function attempt(exchange: Exchange, choice: Choice): void {
  const route = exchange.router.routes[choice.code & CODE.TARGET];
  if (!route.priced) {
    send(exchange, choice, null);
    return;
  }
  const started = exchange.span === null ? 0 : performance.now();
  const answer = tryReserve(exchange, route);
  if (answer.granted || answer.kind !== 'slice-dry') {
    if (exchange.span !== null) traceReservation(exchange, started, answer);
    pay(exchange, choice, answer);
  } else {
    reserve(exchange, route)
      .then((later) => {
        if (exchange.span !== null) traceReservation(exchange, started, later);
        pay(exchange, choice, later);
      })
      .catch((error: unknown) => fail(exchange, error));
  }
}

function traceReservation(exchange: Exchange, started: number, answer: Reservation | Refusal): void {
  traceStep(exchange, 'ledger.reserve', started, {
    'policyd.granted': answer.granted,
    'policyd.refusal': answer.granted ? null : answer.kind,
  });
}

function pay(exchange: Exchange, choice: Choice, answer: Reservation | Refusal): void {
  if (answer.granted && !exchange.gone) {
    send(exchange, choice, answer);
    return;
  }
  giveBack(exchange, choice);
  if (exchange.gone) {
    if (answer.granted) exchange.gateway.ledger.void(answer);
    end(exchange, null);
  } else if (!answer.granted) {
    const row = choice.code & CODE.TARGET;
    exchange.unpaid.push({ row, refusal: answer });
    exchange.excluded.push(row);
    place(exchange, tryTake(exchange));
  }
}

/** What a backend's API can't express, another one's may. */
function send(exchange: Exchange, choice: Choice, reservation: Reservation | null): void {
  try {
    new Attempt(exchange, choice, reservation, afterAttempt).send();
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    exchange.unfit ??= error;
    exchange.excluded.push(choice.code & CODE.TARGET);
    place(exchange, tryTake(exchange));
  }
}

function afterAttempt(exchange: Exchange, choice: Choice, outcome: Outcome): void {
  exchange.outcome = outcome;
  if (outcome.kind !== 'failed') {
    end(exchange, null);
    return;
  }
  try {
    const target = choice.code & CODE.TARGET;
    exchange.tried.push(target);
    exchange.excluded.push(target);
    const keyed = exchange.router.routes[target].backend.address.key !== null;
    if (!isRetryable(outcome.failure, keyed) || exchange.tried.length >= ATTEMPTS) giveFailure(exchange);
    else place(exchange, tryTake(exchange));
  } catch (error) {
    fail(exchange, error);
  }
}

function giveFailure(exchange: Exchange): void {
  end(exchange, answerFailure(exchange));
}

function fail(exchange: Exchange, error: unknown): void {
  answerError(exchange, error);
  end(exchange, error);
}

function end(exchange: Exchange, problem: unknown): void {
  if (!exchange.begun) return;
  exchange.begun = false;
  exchange.router.inFlight--;
  settleTokens(exchange);
  recordExchange(exchange, problem);
}
