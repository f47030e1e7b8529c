import type { BudgetConfig } from '../../schema/manifest.ts';
import type { Account } from './account.ts';
import { findSpan } from './span.ts';

/** Finds or makes the account of a budget in a window. */
export type FindAccount = (budget: BudgetConfig, span: string) => Account;

/** The budgets of one policy, by row, and their accounts in the windows that are current. In-flight requests keep the book they began with. */
export class Book {
  readonly budgets: readonly BudgetConfig[];
  readonly #find: FindAccount;
  #accounts: readonly Account[] = [];
  /** The accounts stand for times from `#start` on and before `#end`. */
  #start = Number.POSITIVE_INFINITY;
  #end = Number.NEGATIVE_INFINITY;

  constructor(budgets: readonly BudgetConfig[], find: FindAccount) {
    this.budgets = budgets;
    this.#find = find;
  }

  /** By row. `now` is ms since 1970, and may go back. */
  accounts(now: number): readonly Account[] {
    if (now < this.#start || now >= this.#end) this.#turn(now);
    return this.#accounts;
  }

  #turn(now: number): void {
    const spans = this.budgets.map(({ period }) => findSpan(period, now));
    this.#accounts = this.budgets.map((budget, row) => this.#find(budget, spans[row].name));
    this.#start = Math.max(Number.NEGATIVE_INFINITY, ...spans.map(({ start }) => start));
    this.#end = Math.min(Number.POSITIVE_INFINITY, ...spans.map(({ end }) => end));
  }
}
