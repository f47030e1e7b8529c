import type { BudgetConfig } from '../../schema/manifest.ts';
import type { AccountState } from './batch.ts';
import { makeRefusals } from './refusal.ts';

/** Share of the limit from which on a budget counts as used up. */
const HARD = 0.999;
/** Share of the limit that a slice may reach. It begins empty: a process that starts and crashes again and again loses nothing. */
const LARGEST_SLICE = 1 / 16;
/** How far ahead a slice should reach at the pace of the last seconds, in ms; and how long a quiet account keeps one. */
const AHEAD = 2_000;
const QUIET = 30_000;
/** How long nothing is drawn ahead after another process asked for what it lacks, and a refused amount stays refused, in ms. */
const PRESSED = 2_000;
export const REFUSED = 1_000;

/** What a budget's scope says, as one line: the identity of an account beside name and window. */
export function describeScope(scope: BudgetConfig['scope']): string {
  const narrowing = Object.entries(scope).filter(([, name]) => name !== null);
  return narrowing
    .map(([axis, name]) => `${axis}=${name}`)
    .sort()
    .join(' ');
}

/**
 * One budget in one window, as this process knows it. Money is nano-dollars. `free` is what it may set aside without asking: its slice in
 * the store, less what was taken since the store was told.
 */
export class Account {
  readonly budget: string;
  readonly scope: string;
  readonly span: string;
  readonly refusals: ReturnType<typeof makeRefusals>;
  limit = 0;
  enforced = false;
  /** Keeps granting while the store cannot be reached. */
  failOpen = false;
  /** The window is the current one of a policy in force. */
  current = true;
  free = 0;
  /** What was settled and set aside everywhere, as far as known here. */
  used = 0;
  /** Changes of both since the batch that is under way, or the last one, was cut. */
  freeSince = 0;
  usedSince = 0;
  /** Reservations of this process that are open, and those whose entries no batch has told yet. */
  open = 0;
  untold = 0;
  /** From this amount on a request is refused, until `refusedUntil`. */
  refusedFrom = Number.POSITIVE_INFINITY;
  refusedAt = 0;
  /** Index into `BUDGET_STATUSES`, and what `used` must reach or fall below for another. */
  status = 0;
  rises = 0;
  falls = 0;
  /** Below this a slice is filled again. */
  low = 0;
  /** What the store said last. */
  known: AccountState | null = null;
  /** Has something to tell, ask or learn in the next batch. */
  dirty = false;
  /** What is free goes back with the next batch: another process lacks it, or, where `barred`, the limit was lowered below it. */
  recalled = false;
  barred = false;
  softPercent = 100;
  /** The batch under way tells of the lowered limit. */
  #clearing = false;
  #granted = 0;
  #largest = 0;
  /** Nano-dollars a ms, and twice the most that was set aside between two batches of late. */
  #rate = 0;
  #burst = 0;
  #cutAt = 0;
  #busyAt = 0;
  #pressedAt = Number.NEGATIVE_INFINITY;

  constructor(budget: string, scope: string, span: string, now: number) {
    this.budget = budget;
    this.scope = scope;
    this.span = span;
    this.refusals = makeRefusals(budget);
    this.#cutAt = now;
    this.#busyAt = now;
  }

  /** Takes the terms of a policy. A lowered limit frees no slice: it is drawn anew under the new one. */
  configure({ limit, soft_limit_percent, hard_limit_action }: BudgetConfig, failOpen: boolean): void {
    const enforced = hard_limit_action !== 'warn';
    if (limit < this.limit || enforced !== this.enforced) {
      this.recalled = this.barred = this.enforced;
      this.#clearing = false;
    }
    this.limit = limit;
    this.softPercent = soft_limit_percent;
    this.enforced = enforced;
    this.failOpen = failOpen;
    this.current = true;
    this.refusedFrom = Number.POSITIVE_INFINITY;
    this.classify();
  }

  /** What may be set aside now without asking. Where a lowered limit is below what is out, what comes free pays for that first. */
  get usable(): number {
    if (this.barred) return 0;
    const { left } = this;
    return left < 0 ? Math.max(0, this.free + left) : this.free;
  }

  take(bound: number): void {
    this.free -= bound;
    this.freeSince -= bound;
    this.used += bound;
    this.usedSince += bound;
    this.open++;
    this.#granted += bound;
    if (bound > this.#largest) this.#largest = bound;
  }

  /** An attempt whose bound was set aside cost this much. */
  settle(bound: number, actual: number): void {
    this.free += bound - actual;
    this.freeSince += bound - actual;
    this.used += actual - bound;
    this.usedSince += actual - bound;
    if (bound > actual) this.refusedFrom = Number.POSITIVE_INFINITY;
  }

  refuse(bound: number, now: number): void {
    if (bound < this.refusedFrom) this.refusedFrom = bound;
    this.refusedAt = now;
  }

  isRefused(bound: number, now: number): boolean {
    return bound >= this.refusedFrom && now < this.refusedAt + REFUSED && now >= this.refusedAt;
  }

  /** What the next batch says of it; `free` is told, so that changes are counted from here on. */
  cut(now: number): { ahead: number; giveBack: number; answers: boolean } {
    const answers = this.recalled;
    // What goes back must not be drawn again with the same batch.
    if (answers) this.#pressedAt = now;
    const ahead = this.#findAhead(now);
    this.low = ahead / 2;
    const surplus = this.current && !answers ? (this.free > 2 * ahead + this.#largest ? this.free - ahead : 0) : this.free;
    const giveBack = this.enforced || answers ? Math.max(0, surplus) : 0;
    this.free -= giveBack;
    this.recalled = false;
    this.#clearing = this.barred;
    this.freeSince = 0;
    this.usedSince = 0;
    this.dirty = false;
    this.untold = 0;
    return { ahead, giveBack, answers };
  }

  /** What the store said after a batch; changes since it was cut are on top. */
  learn(state: AccountState, now: number): void {
    this.known = state;
    // The limit was told with this batch, or with one before it.
    if (this.#clearing) this.barred = this.#clearing = false;
    this.free = state.slice + this.freeSince;
    this.used = state.settled + state.reserved + state.lost + this.usedSince;
    if (state.recall > state.ownAnswer && state.slice > 0) {
      this.recalled = this.enforced;
      this.#pressedAt = now;
    }
    if (this.left + this.free >= this.refusedFrom) this.refusedFrom = Number.POSITIVE_INFINITY;
    this.classify();
  }

  /** What nobody has set aside or holds, as far as known. */
  get left(): number {
    if (this.known === null) return this.limit;
    const { settled, reserved, held, lost } = this.known;
    return this.limit - settled - reserved - held - lost;
  }

  /** Nothing of it is left to tell: it may be forgotten, if its window is over. */
  get isDone(): boolean {
    return !this.current && this.open === 0 && this.untold === 0 && this.free <= 0 && this.freeSince === 0 && !this.dirty;
  }

  classify(): void {
    const soft = Math.min(this.limit * (this.softPercent / 100), this.limit * HARD);
    const hard = this.limit * HARD;
    this.status = this.used >= hard ? 2 : this.used >= soft ? 1 : 0;
    this.rises = this.status === 2 ? Number.POSITIVE_INFINITY : this.status === 1 ? hard : soft;
    this.falls = this.status === 0 ? Number.NEGATIVE_INFINITY : this.status === 1 ? soft : hard;
  }

  #findAhead(now: number): number {
    const elapsed = Math.max(1, now - this.#cutAt);
    this.#cutAt = now;
    if (this.#granted > 0) this.#busyAt = now;
    this.#rate += (this.#granted / elapsed - this.#rate) * Math.min(1, elapsed / AHEAD);
    this.#burst = Math.max(2 * this.#granted, this.#burst * Math.exp(-elapsed / AHEAD));
    const isQuiet = now - this.#busyAt > QUIET || now < this.#busyAt;
    this.#granted = 0;
    if (isQuiet) {
      this.#rate = 0;
      this.#burst = 0;
      this.#largest = 0;
    }
    if (!this.enforced || !this.current || isQuiet || Math.abs(now - this.#pressedAt) < PRESSED) return 0;
    const wish = Math.max(this.#rate * AHEAD, this.#burst, 2 * this.#largest);
    return Math.ceil(Math.min(wish, this.limit * LARGEST_SLICE));
  }
}
