import { randomBytes } from 'node:crypto';
import type { BudgetConfig } from '../../schema/manifest.ts';
import type { Usage } from '../../schema/usage.ts';
import { BUDGET_STATUSES, type BudgetStatus } from '../../schema/vocabulary.ts';
import { Account, describeScope } from './account.ts';
import { Book } from './book.ts';
import { Calibration } from './calibration.ts';
import type { Clerk } from './clerk.ts';
import { Courier } from './courier.ts';
import type { AttemptFacts, Closing, SettleFacts } from './entry.ts';
import { type BudgetForecast, forecast } from './forecast.ts';
import type { LedgerEvent } from './ledger-event.ts';
import { OpenList } from './open-list.ts';
import type { Spend } from './read-spend.ts';
import { makeRefusals, type Refusal } from './refusal.ts';
import { Reservation } from './reservation.ts';
import { findSpan } from './span.ts';
import { type After, after } from './timers.ts';

export interface LedgerOptions {
  readonly clerk: Clerk;
  /** Wall clock, ms since 1970. */
  readonly now?: () => number;
  readonly after?: After;
  /** How long a reservation may stay open, in ms: longer than the longest attempt. */
  readonly timeout?: number;
  /** How long entries are kept, in ms. */
  readonly retention?: number;
  /** Time between two audits, in ms. */
  readonly auditInterval?: number;
  /** Names of budgets that keep granting while the store cannot be reached. */
  readonly failOpen?: ReadonlySet<string>;
  readonly onEvent?: (event: LedgerEvent) => void;
}

/** A budget in its current window, for `/v1/budgets`. Money is nano-dollars. */
export interface BudgetView {
  readonly name: string;
  readonly scope: string;
  readonly window: string;
  readonly limit: number;
  readonly action: BudgetConfig['hard_limit_action'];
  readonly settled: number;
  readonly reserved: number;
  /** Drawn ahead by processes and not yet set aside. */
  readonly held: number;
  /** What processes that ended without a word may have spent: it counts. */
  readonly lost: number;
  /** What is left of the limit; slices can be recalled and are no part of what is gone. */
  readonly headroom: number;
  readonly status: BudgetStatus;
  readonly forecast: BudgetForecast;
}

const DAY = 86_400_000;
/** Hours that a burn rate looks back. */
const RECENT_HOURS = 24;

const NOBODY = makeRefusals('');

/** Money of one process: set aside in memory, told to the store in batches. See README. */
export class Ledger {
  readonly #clerk: Clerk;
  readonly #courier: Courier;
  readonly #now: () => number;
  readonly #timeout: number;
  readonly #retention: number;
  readonly #auditInterval: number;
  readonly #failOpen: ReadonlySet<string>;
  readonly #emit: (event: LedgerEvent) => void;
  readonly #after: After;
  readonly #holder = randomBytes(9).toString('base64url');
  readonly #accounts = new Map<string, Account>();
  readonly #open = new OpenList();
  readonly #listeners = new Set<(book: Book, row: number, status: number) => void>();
  readonly calibration = new Calibration();
  #book: Book;
  /** Of a policy that serves beside the one in force. */
  #beside: Book | null = null;
  /** Status by row of the book in force, as it was told last. */
  #shown: number[] = [];
  #lastId = 0;
  #cancelAudit = (): void => {};
  #auditing: Promise<void> = Promise.resolve();
  #closed = false;

  /** Opens the books; what earlier processes left behind is found by the first audit. */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const ledger = new Ledger(options);
    ledger.calibration.take(await ledger.#clerk.calibration());
    await ledger.#clerk.listen((hint) => ledger.#courier.hear(hint));
    ledger.#courier.start();
    ledger.#scheduleAudit();
    return ledger;
  }

  private constructor(options: LedgerOptions) {
    this.#clerk = options.clerk;
    this.#now = options.now ?? Date.now;
    this.#after = options.after ?? after;
    this.#timeout = options.timeout ?? 1_800_000;
    this.#retention = options.retention ?? 35 * DAY;
    this.#auditInterval = options.auditInterval ?? 60_000;
    this.#failOpen = options.failOpen ?? new Set();
    this.#emit = options.onEvent ?? (() => {});
    this.#courier = new Courier({
      clerk: this.#clerk,
      holder: this.#holder,
      accounts: this.#accounts,
      now: this.#now,
      after: this.#after,
      attempt: (waiter) => this.tryReserve(waiter.book, waiter.rows, waiter.bound, waiter.facts, waiter.timeout),
      learn: (account) => this.#watch(account),
      teach: (rows) => this.calibration.take(rows),
      tick: () => this.#tick(),
      emit: this.#emit,
    });
    this.#book = new Book([], this.#find);
  }

  /** Takes the budgets of a policy, by row. Reservations of earlier ones stay where they are; a lowered limit holds at once. */
  configure(budgets: readonly BudgetConfig[]): Book {
    for (const account of this.#accounts.values()) account.current = false;
    this.#book = new Book(budgets, this.#find);
    this.#beside = null;
    this.#shown = [];
    for (const account of this.#book.accounts(this.#now())) account.configure(this.#termsOf(account)!, this.#failOpen.has(account.budget));
    for (const account of this.#accounts.values()) {
      this.#courier.mark(account);
      this.#watch(account);
    }
    this.#courier.hurry();
    return this.#book;
  }

  /**
   * The book of a policy that serves beside the one in force. Budgets that both have are one account, under the terms of the one in force;
   * statuses are not told, but asked for.
   */
  openBeside(budgets: readonly BudgetConfig[]): Book {
    return (this.#beside = budgets.length === 0 ? null : new Book(budgets, this.#find)) ?? new Book([], this.#find);
  }

  /**
   * Sets the bound of an attempt aside in all budgets that pay for it, or in none. Synchronous. Where a refusal says `slice-dry`, `reserve`
   * may still find it. `bound` is NaN where the price is unknown: no limit is kept that way.
   */
  tryReserve(book: Book, rows: readonly number[], bound: number, facts: AttemptFacts, timeout = this.#timeout): Reservation | Refusal {
    if (this.#courier.isOverloaded) return NOBODY.overloaded;
    const now = this.#now();
    const all = book.accounts(now);
    const payers: Account[] = [];
    const amount = Number.isSafeInteger(bound) && bound >= 0 ? bound : Number.NaN;
    for (let i = 0; i < rows.length; i++) {
      const account = all[rows[i]];
      if (account.enforced && !(account.usable >= amount)) {
        const refusal = this.#refuse(account, amount, now);
        if (refusal !== null) return refusal;
      }
      payers.push(account);
    }
    const counted = Number.isNaN(amount) ? 0 : amount;
    const reservation = new Reservation(`${this.#holder}.${++this.#lastId}`, counted, payers, facts, now, now + timeout);
    for (let i = 0; i < payers.length; i++) {
      const account = payers[i];
      account.take(counted);
      if (account.used >= account.rises) this.#watch(account);
      if (account.free < account.low) this.#courier.hurry();
    }
    this.#open.add(reservation);
    this.#courier.note(reservation);
    return reservation;
  }

  /** The same, and waits for money at most `within` ms: slices of other processes are recalled before it is refused. */
  reserve(
    book: Book,
    rows: readonly number[],
    bound: number,
    facts: AttemptFacts,
    within: number,
    timeout = this.#timeout,
  ): Promise<Reservation | Refusal> {
    const answer = this.tryReserve(book, rows, bound, facts, timeout);
    const isHopeful = !answer.granted && (answer.kind === 'slice-dry' || (answer.kind === 'store-unreachable' && this.#courier.isHopeful));
    if (!isHopeful) return Promise.resolve(answer);
    return this.#courier.wait({ book, rows, bound, facts, timeout, batch: 0, recalls: new Map() }, within);
  }

  /** What an attempt cost, in nano-dollars; NaN or null where nobody can say, so that its bound counts. False where it was closed before. */
  settle(reservation: Reservation, actual: number | null, facts: SettleFacts): boolean {
    if (isClosed(reservation)) return false;
    const known = actual !== null && Number.isSafeInteger(actual) && actual >= 0;
    const cost = known ? actual : reservation.bound;
    if (cost > reservation.bound) {
      this.#emit({ event: 'overcharged', id: reservation.id, model: reservation.facts.model, bound: reservation.bound, actual: cost });
    }
    // Whole ms: a store of integers takes no others, and a batch that it never takes would hold up all that follow.
    this.#close(reservation, 'settled', cost, facts.usage, facts.duration === null ? null : Math.round(facts.duration));
    return true;
  }

  /** An attempt that cost nothing: it was not sent, or refused before it was taken. False where it was closed before. */
  void(reservation: Reservation): boolean {
    if (isClosed(reservation)) return false;
    this.#close(reservation, 'void', 0, null, null);
    return true;
  }

  /** Index into `BUDGET_STATUSES` of a book's budget now. */
  status(book: Book, row: number): number {
    return book.accounts(this.#now())[row].status;
  }

  /** Hears every change of a status in the book in force, as `RouterModule.charge` takes it. */
  onStatus(listener: (book: Book, row: number, status: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Everything that was reserved, settled and voided so far is on the disk when it resolves. Rejects where the ledger closes before. */
  durable(): Promise<void> {
    return this.#courier.durable();
  }

  /** Sends a batch now, with all that is to be told and asked. */
  exchange(): Promise<void> {
    return this.#courier.exchange();
  }

  /** Closes what nobody closed in time, and has the clerk compare counters with entries. Runs by itself, and on demand. */
  audit(): Promise<void> {
    this.#auditing = this.#auditing.then(() => this.#audit());
    return this.#auditing;
  }

  spend(): Promise<readonly Spend[]> {
    return this.#clerk.spend(this.#now());
  }

  /** The budgets of the book in force. Where the store can't be reached, as they were known last, and without what was spent lately. */
  async describe(): Promise<BudgetView[]> {
    const now = this.#now();
    const recent = await this.#clerk.recent(now, RECENT_HOURS).catch((): Awaited<ReturnType<Clerk['recent']>> => ({}));
    return this.#book.accounts(now).map((account, row) => {
      const { period, hard_limit_action: action } = this.#book.budgets[row];
      const { settled = 0, lost = 0, held = 0 } = account.known ?? {};
      const reserved = Math.max(0, account.used - settled - lost);
      return {
        name: account.budget,
        scope: account.scope,
        window: account.span,
        limit: account.limit,
        action,
        settled,
        reserved,
        held: Math.max(0, Math.min(held, account.limit - account.used)),
        lost,
        headroom: Math.max(0, account.limit - account.used),
        status: BUDGET_STATUSES[account.status],
        forecast: forecast({
          span: findSpan(period, now),
          now,
          limit: account.limit,
          used: account.used,
          hours: recent[account.budget] ?? [],
        }),
      };
    });
  }

  /** Whether the store answers, and takes what is told. */
  get condition(): 'up' | 'cut off' | 'overloaded' {
    return this.#courier.isOverloaded ? 'overloaded' : this.#courier.isCutOff ? 'cut off' : 'up';
  }

  /** Reservations that are open in this process. */
  get open(): number {
    return this.#open.size;
  }

  /** Tells all that is untold, gives slices back, and ends. Open reservations stay on the books until their timeout. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelAudit();
    await this.#auditing;
    await this.#courier.stop();
    await this.#clerk.close(this.#holder);
  }

  #find = (budget: BudgetConfig, span: string): Account => {
    const scope = describeScope(budget.scope);
    const key = `${budget.name}\n${scope}\n${span}`;
    let account = this.#accounts.get(key);
    if (account === undefined) {
      account = new Account(budget.name, scope, span, this.#now());
      // A request that ends on an older policy may be the first in a window: the terms are those in force all the same.
      account.configure(this.#termsOf(account) ?? budget, this.#failOpen.has(budget.name));
      this.#accounts.set(key, account);
      this.#courier.mark(account);
    }
    account.current = true;
    return account;
  };

  #termsOf(account: Account): BudgetConfig | undefined {
    return this.#book.budgets.find(({ name, scope }) => name === account.budget && describeScope(scope) === account.scope);
  }

  /** Null: granted although there is nothing to grant from. */
  #refuse(account: Account, amount: number, now: number): Refusal | null {
    if (!(amount <= account.limit)) return account.refusals['does-not-fit'];
    if (this.#courier.isCutOff) {
      if (!account.failOpen) return account.refusals['store-unreachable'];
      this.#emit({ event: 'overspent', budget: account.budget, amount });
      return null;
    }
    return account.refusals[account.isRefused(amount, now) ? 'does-not-fit' : 'slice-dry'];
  }

  #close(reservation: Reservation, state: Closing['state'], actual: number, usage: Usage | null, duration: number | null): void {
    const wasOpen = reservation.closing === null;
    reservation.closing = { state, at: this.#now(), actual, usage, duration };
    if (wasOpen) this.#open.remove(reservation);
    for (const account of reservation.accounts) {
      // One that expired counts at its bound, as it did while it was open.
      account.settle(reservation.bound, actual);
      if (wasOpen) account.open--;
      if (account.used >= account.rises || account.used < account.falls) this.#watch(account);
    }
    this.#courier.note(reservation);
  }

  #watch(account: Account): void {
    account.classify();
    const row = this.#book.accounts(this.#now()).indexOf(account);
    if (row >= 0) this.#show(row, account);
  }

  /** Tells who listens where the status of a row is another one than before. */
  #show(row: number, account: Account): void {
    if ((this.#shown[row] ?? 0) === account.status) return;
    this.#shown[row] = account.status;
    this.#emit({ event: 'status', budget: account.budget, span: account.span, status: BUDGET_STATUSES[account.status] });
    for (const listener of this.#listeners) listener(this.#book, row, account.status);
  }

  /** A budget that is used up gets no requests, so that none of them would notice its next window. */
  #tick(): void {
    for (const [row, account] of this.#book.accounts(this.#now()).entries()) this.#show(row, account);
  }

  /** Accounts of windows that are over give back what is left, and are forgotten when nothing is. */
  #retire(now: number): void {
    const current = new Set([...this.#book.accounts(now), ...(this.#beside?.accounts(now) ?? [])]);
    for (const [key, account] of this.#accounts) {
      if (current.has(account)) continue;
      account.current = false;
      if (account.isDone) this.#accounts.delete(key);
      else this.#courier.mark(account);
    }
  }

  #scheduleAudit(): void {
    this.#cancelAudit = this.#after(this.#auditInterval, () => {
      this.audit().finally(() => {
        if (!this.#closed) this.#scheduleAudit();
      });
    });
  }

  async #audit(): Promise<void> {
    const now = this.#now();
    const began = performance.now();
    let count = 0;
    for (const reservation of this.#open) {
      if (reservation.expiresAt > now) continue;
      this.#close(reservation, 'expired', reservation.bound, null, null);
      count++;
    }
    this.#retire(now);
    try {
      const report = await this.#clerk.audit({ holder: this.#holder, retention: this.#retention });
      for (const drift of report.drifts) this.#emit({ event: 'drift', drift });
      count += report.expired;
      this.#emit({ event: 'audited', report, ms: performance.now() - began });
    } catch {
      // The courier tells of a store that cannot be reached; the next audit looks again.
    }
    if (count > 0) this.#emit({ event: 'expired', count });
  }
}

/** A late word about one that expired is still heard. */
function isClosed({ closing }: Reservation): boolean {
  return closing !== null && closing.state !== 'expired';
}
