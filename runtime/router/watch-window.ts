import type { AuditTrail } from './audit-trail.ts';
import { findRegression } from './find-regression.ts';
import type { LiveRouter } from './live-router.ts';
import type { PolicyCell } from './policy-cell.ts';
import type { Refusals } from './refusals.ts';
import type { RouterFigures } from './router-tally.ts';

/** How often a router under watch is judged, in ms. */
const JUDGE = 100;
/** What a router did is kept this long where swaps are not watched, in ms. */
const STRETCH = 300_000;

/** A router under watch, and in the end what became of it. */
export interface Watch {
  readonly hash: string;
  readonly state: 'open' | 'kept' | 'rolled-back' | 'superseded';
  readonly since: Date;
  readonly until: Date;
  readonly figures: RouterFigures;
  /** What it is compared with. */
  readonly before: RouterFigures;
  readonly reason: string | null;
}

export interface WatchLimits {
  /** Length of a window in ms; 0 = swaps are not watched. */
  readonly window: number;
  /** A router is judged from this many decisions on. */
  readonly minDecisions: number;
}

/**
 * Compares a router that was just swapped in with the one before it, and goes back by itself where it is worse. The previous router
 * is hot all the time; a hash that was rolled back is refused from then on.
 */
export class WatchWindow {
  readonly #cell: PolicyCell;
  readonly #trail: AuditTrail;
  readonly #refusals: Refusals;
  readonly #limits: WatchLimits;
  readonly #timer: NodeJS.Timeout;
  #router: LiveRouter | null = null;
  #watch: Watch | null = null;

  constructor(cell: PolicyCell, trail: AuditTrail, refusals: Refusals, limits: WatchLimits) {
    this.#cell = cell;
    this.#trail = trail;
    this.#refusals = refusals;
    this.#limits = limits;
    this.#timer = setInterval(() => this.#look(), JUDGE);
    this.#timer.unref();
  }

  /** The window that is open, else the last one; null before the first swap. */
  get watch(): Watch | null {
    return this.#router === null || this.#watch === null ? this.#watch : { ...this.#watch, figures: this.#router.tally.read() };
  }

  /** Begins to watch the active router, which was just swapped in; what is being watched is superseded. */
  open(by: string): void {
    const { active, previous } = this.#cell;
    const last = this.#watch;
    if (this.#router !== null) {
      this.#trail.add('superseded', this.#router.hash, active.hash, by);
      this.#end('superseded', null);
    }
    if (this.#limits.window === 0 || previous === null) return;
    const before = previous.tally.read();
    const now = Date.now();
    this.#router = active;
    this.#watch = {
      hash: active.hash,
      state: 'open',
      since: new Date(now),
      until: new Date(now + this.#limits.window),
      figures: active.tally.read(),
      // One that served too briefly to be compared with stands for the one before it.
      before: before.decisions < this.#comparable && last !== null ? last.before : before,
      reason: null,
    };
  }

  /** Ends the watch without a verdict: somebody went back by hand. */
  abandon(reason: string): void {
    if (this.#router !== null) this.#end('rolled-back', reason);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  get #comparable(): number {
    return Math.ceil(this.#limits.minDecisions / 10);
  }

  #look(): void {
    const now = Date.now();
    if (this.#router === null) {
      // What is compared with a canary must not be forgotten in between.
      if (this.#cell.canary === null) this.#cell.active.tally.rotate(now, this.#limits.window || STRETCH);
      return;
    }
    const figures = this.#router.tally.read();
    const enough = figures.decisions >= this.#limits.minDecisions;
    const worse = enough ? findRegression(figures, this.#watch!.before, this.#comparable) : null;
    if (worse !== null) this.#rollBack(worse);
    else if (now >= this.#watch!.until.getTime()) this.#keep(enough, figures.decisions);
  }

  #keep(enough: boolean, decisions: number): void {
    const reason = enough ? null : `too few decisions to judge it: ${decisions} of ${this.#limits.minDecisions}`;
    const { hash } = this.#router!;
    this.#end('kept', reason);
    this.#trail.add('kept', hash, hash, 'watch window', reason);
  }

  #rollBack(worse: string): void {
    const { hash } = this.#router!;
    // INVARIANT: a window is open only while there is a router to go back to.
    const back = this.#cell.rollBack(false)!;
    const reason = `rolled back: ${worse} [regression] help: correct the policy; this artifact is not taken again`;
    this.#end('rolled-back', reason);
    this.#refusals.add(hash, reason);
    this.#cell.fail(reason, hash);
    this.#trail.add('regressed', hash, back.hash, 'watch window', reason);
  }

  #end(state: 'kept' | 'rolled-back' | 'superseded', reason: string | null): void {
    this.#watch = { ...this.watch!, state, reason };
    this.#router = null;
  }
}
