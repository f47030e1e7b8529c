import type { Manifest } from '../../schema/manifest.ts';
import type { MetricsSnapshot } from '../../schema/snapshot.ts';

/** What a decision was made on, beside the words that change in place: enough to lay the tables again. */
export interface HeldOrder {
  /** Hash of the router. */
  readonly router: string;
  /** For the names of its rows. */
  readonly manifest: Manifest;
  readonly snapshot: MetricsSnapshot;
}

/** Target rows of all snapshots that are held: about 4 MB. */
const MOST_ROWS = 16_384;

/** The orders of recent decisions by name, the newest ones: bounded by the rows that their snapshots have. */
export class HeldOrders {
  readonly #orders = new Map<string, HeldOrder>();
  readonly #mostRows: number;
  #rows = 0;

  constructor(mostRows: number = MOST_ROWS) {
    this.#mostRows = mostRows;
  }

  get(name: string): HeldOrder | undefined {
    return this.#orders.get(name);
  }

  /** Where it is not held yet. */
  hold(name: string, order: HeldOrder): void {
    if (this.#orders.has(name)) return;
    this.#orders.set(name, order);
    this.#rows += order.snapshot.targets.length;
    for (const [oldest, { snapshot }] of this.#orders) {
      if (this.#rows <= this.#mostRows || this.#orders.size === 1) return;
      this.#orders.delete(oldest);
      this.#rows -= snapshot.targets.length;
    }
  }
}
