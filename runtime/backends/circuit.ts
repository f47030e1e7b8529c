import { OutcomeBuckets } from './outcome-buckets.ts';

/** Failures in a row that open a circuit. */
const IN_A_ROW = 5;
/** Share of failures that opens it, over the last 30 s, once there are this many outcomes. */
const SHARE = 0.5;
const ENOUGH = 20;
const WINDOW = 30_000;
/** First cooldown and longest one, in ms; it doubles each time that the circuit opens, and halves with each whole answer. */
const FIRST_COOLDOWN = 1_000;
const LONGEST_COOLDOWN = 60_000;
/** Doublings that reach it. */
const DOUBLINGS = 6;
/** Longest time, in ms, that a backend's own `Retry-After` keeps it out of service. */
const LONGEST_REST = 600_000;

/** `resting`: the backend asked for it, with a 429 or a `Retry-After`. `trying`: one request is finding out whether it works again. */
export type CircuitState = 'closed' | 'resting' | 'open' | 'half-open' | 'trying';

/**
 * Keeps requests away from a target that fails. It opens after failures in a row or by their share, for a time that grows while it
 * does not get better; then one request may try. Its first byte closes the circuit, on probation: until an answer is whole, one failure opens it
 * again. All times are `performance.now()`; an outcome of a request from before the last opening says nothing new.
 */
export class Circuit {
  #row = 0;
  #recent = new OutcomeBuckets(10, WINDOW / 10);
  #openings = 0;
  #openedAt = Number.NEGATIVE_INFINITY;
  #openUntil: number | null = null;
  #restUntil = Number.NEGATIVE_INFINITY;
  #trialAt: number | null = null;

  /** Failures in a row, the last one included. */
  get failures(): number {
    return this.#row;
  }

  stateAt(now: number): CircuitState {
    if (now < this.#restUntil) return 'resting';
    if (this.#openUntil === null) return 'closed';
    if (now < this.#openUntil) return 'open';
    return this.#trialAt === null ? 'half-open' : 'trying';
  }

  /** No failure keeps requests away; saves a look at the clock. */
  get isClosed(): boolean {
    return this.#openUntil === null;
  }

  /** Ms until a request may be sent again: 0 where one may now, and where nobody can tell since one is trying. */
  waitAt(now: number): number {
    return Math.max(0, this.#restUntil - now, (this.#openUntil ?? now) - now);
  }

  /** A request begins. True where it is the one that tries: no other may until it is over. */
  begin(now: number): boolean {
    if (this.stateAt(now) !== 'half-open') return false;
    this.#trialAt = now;
    return true;
  }

  /** The first byte of an answer to a request begun at `startedAt`. True where that closed the circuit. */
  answer(startedAt: number): boolean {
    if (!this.#isTrial(startedAt)) return false;
    this.#close();
    return true;
  }

  /** A request begun at `startedAt` came to its end. True where that opened or closed the circuit. */
  record(now: number, startedAt: number, ok: boolean): boolean {
    const trial = this.#isTrial(startedAt);
    if (!trial && (this.#openUntil !== null || startedAt < this.#openedAt)) return false;
    this.#row = ok ? 0 : this.#row + 1;
    if (ok) this.#openings = Math.max(0, this.#openings - 1);
    if (trial) {
      if (ok) this.#close();
      else this.#open(now);
      return true;
    }
    this.#recent.add(now, ok);
    if (ok || !this.#isTooMuch(now)) return false;
    this.#open(now);
    return true;
  }

  /** The one that tried ended without telling anything: its caller left, or was at fault. True where another may try. */
  giveUp(startedAt: number): boolean {
    if (!this.#isTrial(startedAt)) return false;
    this.#trialAt = null;
    return true;
  }

  /** The backend asked for `ms` of rest, or is known to need them. */
  rest(now: number, ms: number): void {
    this.#restUntil = Math.max(this.#restUntil, now + Math.min(ms, LONGEST_REST));
  }

  /** A free call found the backend well again: what is open may be tried now. True where that changes anything. */
  hasten(now: number): boolean {
    if (this.#openUntil === null || now >= this.#openUntil) return false;
    this.#openUntil = now;
    return true;
  }

  #isTrial(startedAt: number): boolean {
    return this.#trialAt !== null && startedAt >= this.#trialAt;
  }

  #isTooMuch(now: number): boolean {
    if (this.#row >= IN_A_ROW) return true;
    const { ok, failed } = this.#recent.count(now);
    return ok + failed >= ENOUGH && failed / (ok + failed) >= SHARE;
  }

  #open(now: number): void {
    this.#openedAt = now;
    this.#openUntil = now + Math.min(LONGEST_COOLDOWN, FIRST_COOLDOWN * 2 ** this.#openings);
    this.#openings = Math.min(DOUBLINGS, this.#openings + 1);
    this.#trialAt = null;
  }

  #close(): void {
    this.#openUntil = null;
    this.#trialAt = null;
    this.#row = this.#row === 0 ? 0 : IN_A_ROW - 1;
    this.#recent = new OutcomeBuckets(10, WINDOW / 10);
  }
}
