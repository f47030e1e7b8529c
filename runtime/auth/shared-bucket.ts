import type { Rate } from '../../schema/policy-set.ts';
import type { NamedOrder, RateAnswer } from './rate-clerk.ts';
import type { RateKind } from './rates.ts';

/** A request that waits for what other processes hold. */
interface Waiter {
  readonly amount: number;
  /** When it waits no longer. */
  readonly until: number;
  readonly resolve: () => void;
}

/** What a process would like to have at hand: its use in so many ms, and at least such a part of the rate. */
const HORIZON = 500;
const LEAST = 64;
/** Bounds of the time in ms for which an amount that was refused stays refused: else each refusal would ask the store. */
const DRY = [50, 1_000] as const;
/** Requests that wait at once for one bucket. */
const WAITING = 1_000;

/** This process's part of a rate that several share: a slice, which may be taken from without asking while its lease lasts. Times are ms. */
export class SharedBucket {
  readonly caller: string;
  readonly kind: RateKind;
  rate: Rate;
  /** Something is to be told to the store. */
  dirty = false;
  /** Others need what is here. */
  yields = false;
  /** When it last gave way. */
  yieldedAt = Number.NEGATIVE_INFINITY;
  leaseEnd = 0;
  waiting: Waiter[] = [];
  /** Without the store: this process's share, filled by its part of the rate, and what was taken of it. */
  #alone: { level: number; at: number } | null = null;
  #owed = 0;
  #slice = 0;
  #returned = 0;
  #used = 0;
  #pace = 0;
  #askedAt: number;
  #sent = { slice: 0, owed: 0 };
  #dryUntil = 0;
  #dryNeed = 0;
  #backAt = 0;

  constructor(caller: string, kind: RateKind, rate: Rate, now: number) {
    this.caller = caller;
    this.kind = kind;
    this.rate = rate;
    this.#askedAt = now;
  }

  /** What may be taken at once. */
  hold(now: number): number {
    return now < this.leaseEnd ? this.#slice : Math.min(0, this.#slice);
  }

  has(amount: number, now: number): boolean {
    return this.hold(now) >= Math.min(amount, this.rate.most);
  }

  /** Takes so many, or none: then after how many ms it may be worth to ask again. */
  take(amount: number, now: number): number {
    if (this.has(amount, now)) {
      this.#slice -= amount;
      this.#used += amount;
      if (this.#slice < this.#ahead(2) / 2) this.dirty = true;
      return 0;
    }
    return Math.max(1, Math.ceil(this.#backAt - now));
  }

  /**
   * The same while the store is away: `holders` processes keep to their part of the rate each, filled from nothing since `from`, when no
   * slice of any of them holds any more.
   */
  takeAlone(amount: number, now: number, holders: number, from: number): number {
    if (this.has(amount, now)) return this.take(amount, now);
    const most = this.rate.most / holders;
    const alone = (this.#alone ??= { level: 0, at: from });
    alone.level = Math.min(most, alone.level + (Math.max(0, now - alone.at) * most) / this.rate.ms);
    alone.at = Math.max(alone.at, now);
    const needed = Math.min(amount, most);
    if (alone.level < needed) return Math.max(1, Math.ceil(alone.at - now + ((needed - alone.level) * this.rate.ms) / most));
    alone.level -= amount;
    this.#owed += amount;
    this.dirty = true;
    return 0;
  }

  giveBack(amount: number, holders: number): void {
    this.dirty = true;
    if (amount < 0) {
      this.#slice += amount;
      return;
    }
    const ours = Math.min(amount, this.#owed);
    this.#owed -= ours;
    if (this.#alone !== null) this.#alone.level = Math.min(this.rate.most / holders, this.#alone.level + ours);
    this.#returned += amount - ours;
  }

  /** Nothing is gained by asking the store for so many. */
  isDry(amount: number, now: number): boolean {
    return (now < this.#dryUntil && Math.min(amount, this.rate.most) >= this.#dryNeed) || this.waiting.length >= WAITING;
  }

  /** What is told to the store; `end`: this process holds nothing any more. */
  order(now: number, holders: number, end: boolean): NamedOrder {
    const slice = this.hold(now);
    const returned = this.#returned;
    this.#returned = 0;
    const elapsed = Math.max(1, now - this.#askedAt);
    this.#pace = (this.#pace + this.#used / elapsed) / 2;
    const idle = this.#used === 0;
    this.#used = 0;
    this.#askedAt = now;
    this.dirty = false;
    const needs = end ? [] : this.waiting.map(({ amount }) => amount);
    const yields = end || this.yields || (idle && needs.length === 0);
    // What is given up may be another's before the answer is here.
    this.#slice = yields ? Math.min(0, slice) : slice;
    this.#sent = { slice: this.#slice, owed: this.#owed };
    const { caller, kind } = this;
    const { most, ms } = this.rate;
    return { caller, kind, most, ms, slice: slice - this.#owed, returned, needs, ahead: yields ? 0 : this.#ahead(holders), yields };
  }

  /**
   * What the store said to the order that was made at `askedAt`. Waiters that have what they need, or wait in vain, go on.
   *
   * @returns whether some still wait for what others hold.
   */
  hear({ slice, wait, others }: RateAnswer, askedAt: number, lease: number, now: number): boolean {
    this.#slice += slice - this.#sent.slice;
    this.#owed -= this.#sent.owed;
    this.leaseEnd = askedAt + lease;
    this.#dryUntil = 0;
    let left = this.hold(now);
    const still: Waiter[] = [];
    for (const waiter of this.waiting) {
      const need = Math.min(waiter.amount, this.rate.most);
      if (need <= left) {
        left -= need;
        waiter.resolve();
      } else if (others && now < waiter.until) still.push(waiter);
      else {
        this.#dry(need, wait, now);
        waiter.resolve();
      }
    }
    this.waiting = still;
    return still.length > 0;
  }

  /** The store did not take the order: what was returned with it is lost, what is owed stays. */
  miss(): void {
    this.dirty = this.#slice < 0 || this.#owed > 0;
    this.release();
  }

  /** The store is there again. */
  rejoin(): void {
    this.#alone = null;
  }

  /** Others gave some back: it is worth to ask. */
  wake(): void {
    this.#dryUntil = 0;
  }

  /** Nobody waits any longer. */
  release(): void {
    for (const { resolve } of this.waiting) resolve();
    this.waiting = [];
  }

  #dry(need: number, wait: number, now: number): void {
    this.#dryNeed = this.#dryUntil > now ? Math.min(this.#dryNeed, need) : need;
    this.#backAt = now + wait;
    this.#dryUntil = now + Math.min(DRY[1], Math.max(DRY[0], wait));
  }

  /** Who shares a rate with nobody has all of it at hand. */
  #ahead(holders: number): number {
    const { most } = this.rate;
    return holders <= 1 ? most : Math.max(this.#pace * HORIZON, Math.floor(most / LEAST));
  }
}
