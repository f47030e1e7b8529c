import type { Book } from '../ledger/book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LiveRouter } from './live-router.ts';
import type { PolicyCell } from './policy-cell.ts';

/**
 * The ledger's book of each router, and the statuses of its budgets in the router's live tables. A router that a swap took out of service
 * keeps its book while requests end on it.
 */
export class BudgetBooks {
  readonly #ledger: Ledger;
  readonly #cell: PolicyCell;
  readonly #books = new WeakMap<LiveRouter, Book>();

  constructor(ledger: Ledger, cell: PolicyCell) {
    this.#ledger = ledger;
    this.#cell = cell;
    ledger.onStatus((book, row, status) => {
      const { active } = this.#cell;
      if (this.#books.get(active) === book) active.state.charge(row, status);
      this.refresh();
    });
    cell.onSwap.add(() => this.#open());
    cell.onStage.add(() => this.#openBeside());
    this.#open();
  }

  /** A router that decides was in service once. */
  of(router: LiveRouter): Book {
    return this.#books.get(router)!;
  }

  /** Statuses of a canary's budgets: the ledger tells of those in force only. */
  refresh(): void {
    const { canary } = this.#cell;
    if (canary === null) return;
    const book = this.#books.get(canary)!;
    for (const row of canary.manifest.budgets.keys()) canary.state.charge(row, this.#ledger.status(book, row));
  }

  #openBeside(): void {
    const { canary } = this.#cell;
    const book = this.#ledger.openBeside(canary?.manifest.budgets ?? []);
    if (canary === null) return;
    this.#books.set(canary, book);
    this.refresh();
  }

  #open(): void {
    const { active } = this.#cell;
    const { budgets } = active.manifest;
    const book = this.#ledger.configure(budgets);
    this.#books.set(active, book);
    for (const row of budgets.keys()) active.state.charge(row, this.#ledger.status(book, row));
  }
}
