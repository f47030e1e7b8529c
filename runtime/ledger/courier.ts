import type { Account } from './account.ts';
import type { AccountOrder, Batch, CalibrationRow, EntryRecord } from './batch.ts';
import type { Clerk, Hint } from './clerk.ts';
import type { LedgerEvent } from './ledger-event.ts';
import type { Refusal } from './refusal.ts';
import type { Reservation } from './reservation.ts';
import type { After } from './timers.ts';
import type { Waiter } from './waiter.ts';

/** How soon a batch leaves: entries may wait for company, in ms; who waits for money may not. */
const LAZY = 25;
/** Between two looks while a request waits for other processes, while slices are held, and otherwise, in ms. */
const WAITING_POLL = 50;
const POLL = 1_000;
const QUIET_POLL = 5_000;
/** First pause after a failed batch, doubling to the last, in ms. */
const RETRY = [50, 5_000] as const;
/** How long after the store was lost requests still wait for it, in ms. */
const HOPEFUL = 2_000;
/** Entries and requests that may wait. The first is about 60 MB. */
const MOST_ENTRIES = 100_000;
const MOST_WAITERS = 10_000;
/** Batches that are tried at the end while the store cannot be reached. */
const LAST_TRIES = 3;

export interface CourierParts {
  readonly clerk: Clerk;
  readonly holder: string;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly now: () => number;
  readonly after: After;
  /** Tries once more to set money aside. */
  readonly attempt: (waiter: Waiter) => Reservation | Refusal;
  /** An account has learned something. */
  readonly learn: (account: Account) => void;
  readonly teach: (rows: readonly CalibrationRow[]) => void;
  /** Called about once a second. */
  readonly tick: () => void;
  readonly emit: (event: LedgerEvent) => void;
}

interface Sent {
  readonly batch: Batch;
  readonly accounts: readonly Account[];
}

/** Carries batches between a ledger and its clerk, one at a time: the next holds all that came meanwhile. */
export class Courier {
  readonly #parts: CourierParts;
  #entries: Reservation[] = [];
  #dirty: Account[] = [];
  #waiters: Waiter[] = [];
  readonly #durable: { number: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  #number = 0;
  #sending: Promise<void> | null = null;
  /** A batch whose answer did not come: it may have been applied, and goes again as it is. */
  #unanswered: Sent | null = null;
  #lostAt: number | null = null;
  #pause: number = RETRY[0];
  #cancel = (): void => {};
  /** 0 nothing, 1 lazy, 2 hurry. */
  #armed = 0;
  #polledAt = 0;
  #cancelPoll = (): void => {};
  #stopped = false;

  constructor(parts: CourierParts) {
    this.#parts = parts;
  }

  /** Whether the last batch failed: nothing can be drawn. */
  get isCutOff(): boolean {
    return this.#lostAt !== null;
  }

  /** Whether waiting makes sense: most outages are a connection that is made anew. */
  get isHopeful(): boolean {
    return this.#lostAt === null || performance.now() - this.#lostAt < HOPEFUL;
  }

  get isOverloaded(): boolean {
    return this.#entries.length >= MOST_ENTRIES || this.#stopped;
  }

  start(): void {
    this.#cancelPoll = this.#parts.after(this.#waiters.length > 0 ? WAITING_POLL : POLL, () => {
      this.#poll();
      if (!this.#stopped) this.start();
    });
  }

  /** An account has something to tell, to ask or to learn. */
  mark(account: Account): void {
    if (account.dirty) return;
    account.dirty = true;
    this.#dirty.push(account);
    this.#arm(1);
  }

  hurry(): void {
    this.#arm(2);
  }

  /** A reservation was made or closed. */
  note(reservation: Reservation): void {
    // What was not told when it was made goes with its end.
    if (reservation.closing === null || reservation.told) this.#entries.push(reservation);
    for (const account of reservation.accounts) {
      account.untold++;
      this.mark(account);
    }
    this.#arm(1);
  }

  /** Waits for money, at most `within` ms. */
  wait(parts: Omit<Waiter, 'resolve' | 'cancel'>, within: number): Promise<Reservation | Refusal> {
    const blamed = this.#payersOf(parts).find((account) => account.enforced && account.usable < parts.bound)!;
    if (this.#waiters.length >= MOST_WAITERS) return Promise.resolve(blamed.refusals.overloaded);
    return new Promise((resolve) => {
      const waiter: Waiter = { ...parts, resolve, cancel: () => {} };
      waiter.cancel = this.#parts.after(within, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(blamed.refusals[this.isCutOff ? 'store-unreachable' : 'late']);
      });
      this.#waiters.push(waiter);
      this.hurry();
    });
  }

  durable(): Promise<void> {
    const number = this.#entries.length > 0 ? this.#number + 1 : this.#number;
    if (this.#entries.length === 0 && this.#sending === null && this.#unanswered === null) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#durable.push({ number, resolve, reject });
      this.hurry();
    });
  }

  /** A hint from another process. */
  hear({ kind, holder, budget, scope, span }: Hint): void {
    if (holder === this.#parts.holder || this.#stopped) return;
    const account = this.#parts.accounts.get(`${budget}\n${scope}\n${span}`);
    if (account === undefined) return;
    if (kind === 'recall' && account.free > 0) account.recalled = account.enforced;
    else if (kind === 'recall' || this.#waiters.length === 0) return;
    this.mark(account);
    this.hurry();
  }

  /** Sends what there is. Where a batch is under way, one more follows it. Never rejects. */
  async exchange(): Promise<void> {
    if (this.#sending !== null) await this.#sending;
    await (this.#sending ??= this.#send().finally(() => {
      this.#sending = null;
      if (this.#armed > 0) this.#schedule();
    }));
  }

  /** Refuses who waits, tells what is untold, ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelPoll();
    for (const waiter of this.#waiters.splice(0)) {
      waiter.cancel();
      waiter.resolve(this.#payersOf(waiter)[0].refusals.late);
    }
    for (let i = 0; i < LAST_TRIES; i++) {
      await this.exchange();
      if (this.#entries.length === 0 && this.#unanswered === null) break;
    }
    this.#cancel();
    for (const { reject } of this.#durable.splice(0)) reject(new Error('the ledger closed before the store could be reached'));
  }

  #arm(urgency: number): void {
    if (urgency <= this.#armed) return;
    this.#armed = urgency;
    if (this.#sending === null) this.#schedule();
  }

  #schedule(): void {
    this.#cancel();
    const pause = this.isCutOff ? this.#pause : this.#armed === 2 ? 0 : LAZY;
    // What is untold must not be lost because nothing else keeps the process.
    this.#cancel = this.#parts.after(pause, () => void this.exchange(), true);
  }

  #poll(): void {
    this.#parts.tick();
    const now = this.#parts.now();
    const isHolding = this.#waiters.length > 0 || [...this.#parts.accounts.values()].some((account) => account.free > 0);
    if (Math.abs(now - this.#polledAt) < (isHolding ? 0 : QUIET_POLL) || this.#parts.accounts.size === 0) return;
    this.#polledAt = now;
    for (const account of this.#parts.accounts.values()) this.mark(account);
  }

  async #send(): Promise<void> {
    this.#cancel();
    this.#armed = 0;
    const sent = this.#unanswered ?? this.#cut();
    if (sent === null) return;
    const began = performance.now();
    try {
      const reply = await this.#parts.clerk.exchange(sent.batch);
      this.#unanswered = null;
      this.#find();
      const now = this.#parts.now();
      sent.accounts.forEach((account, i) => {
        account.learn(reply.accounts[i], now);
        this.#parts.learn(account);
        if (account.recalled || (!account.current && account.free > 0)) this.mark(account);
      });
      this.#parts.teach(reply.calibration);
      this.#answer(sent, now);
      this.#confirm(sent.batch.number);
      this.#parts.emit({ event: 'batch', entries: sent.batch.entries.length, ms: performance.now() - began });
    } catch (error) {
      this.#unanswered = sent;
      this.#lose(error as Error);
    }
    if (this.#unanswered !== null || this.#entries.length > 0 || this.#dirty.length > 0) this.#armed = Math.max(this.#armed, 1);
  }

  #cut(): Sent | null {
    const { now: clock, holder } = this.#parts;
    const now = clock();
    for (const waiter of this.#waiters) for (const account of this.#payersOf(waiter)) this.mark(account);
    const accounts = this.#dirty;
    if (accounts.length === 0 && this.#entries.length === 0) return null;
    const rows = new Map(accounts.map((account, row) => [account, row]));
    const orders = accounts.map((account) => this.#order(account, now));
    // One that expired and was settled after all may stand there twice.
    const entries = [...new Set(this.#entries)].map((reservation) => describe(reservation, rows));
    this.#dirty = [];
    this.#entries = [];
    const number = ++this.#number;
    for (const waiter of this.#waiters) if (waiter.batch === 0) waiter.batch = number;
    return { batch: { holder, number, accounts: orders, entries }, accounts };
  }

  #order(account: Account, now: number): AccountOrder {
    const waiting = this.#waiters.filter((waiter) => Number.isFinite(waiter.bound) && this.#payersOf(waiter).includes(account));
    const { budget, scope, span, limit, enforced } = account;
    const needs = waiting.map(({ bound }) => bound);
    return { budget, scope, span, limit, enforced, needs, fresh: waiting.some(({ batch }) => batch === 0), ...account.cut(now) };
  }

  /** In the order of their coming: whoever can have money has it, whoever can have none is told so. */
  #answer(sent: Sent, now: number): void {
    const waiting = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiting) {
      const answer = this.#parts.attempt(waiter);
      const final = answer.granted || answer.kind !== 'slice-dry' ? answer : this.#judge(waiter, sent, now);
      if (final === null) {
        this.#waiters.push(waiter);
        if (waiter.batch === 0) this.#arm(2);
        continue;
      }
      waiter.cancel();
      waiter.resolve(final);
    }
  }

  /** The final refusal, null where slices of others are still out, or where something changed since the batch was cut. */
  #judge(waiter: Waiter, { batch }: Sent, now: number): Refusal | null {
    if (waiter.batch === 0 || waiter.batch > batch.number) return null;
    for (const account of this.#payersOf(waiter)) {
      const { known } = account;
      if (!account.enforced || account.usable >= waiter.bound || known === null) continue;
      if (!known.starved || account.left + account.free >= waiter.bound) {
        waiter.batch = 0;
        return null;
      }
      const recall = waiter.recalls.get(account) ?? known.recall;
      waiter.recalls.set(account, recall);
      if (known.answered < recall) return null;
      account.refuse(waiter.bound, now);
      return account.refusals['does-not-fit'];
    }
    return null;
  }

  #payersOf({ book, rows }: Pick<Waiter, 'book' | 'rows'>): Account[] {
    const all = book.accounts(this.#parts.now());
    return rows.map((row) => all[row]);
  }

  #confirm(number: number): void {
    for (const waiting of this.#durable.splice(0)) {
      if (waiting.number <= number) waiting.resolve();
      else this.#durable.push(waiting);
    }
  }

  #lose(error: Error): void {
    if (this.#lostAt === null) {
      this.#lostAt = performance.now();
      this.#pause = RETRY[0];
      this.#parts.emit({ event: 'store-lost', reason: error.message });
    } else this.#pause = Math.min(this.#pause * 2, RETRY[1]);
    // Some budgets may be granted from now on, as long as nobody answers.
    const waiting = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiting) {
      const answer = this.#parts.attempt(waiter);
      if (answer.granted) {
        waiter.cancel();
        waiter.resolve(answer);
      } else this.#waiters.push(waiter);
    }
  }

  #find(): void {
    if (this.#lostAt === null) return;
    this.#parts.emit({ event: 'store-back', seconds: (performance.now() - this.#lostAt) / 1_000 });
    this.#lostAt = null;
  }
}

function describe(reservation: Reservation, rows: ReadonlyMap<Account, number>): EntryRecord {
  const { id, bound, reservedAt, expiresAt, facts, closing, told } = reservation;
  reservation.told = true;
  return {
    id,
    isNew: !told,
    bound,
    reservedAt,
    expiresAt,
    facts,
    closing,
    accounts: reservation.accounts.map((account) => rows.get(account)!),
  };
}
