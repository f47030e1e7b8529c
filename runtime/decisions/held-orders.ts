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
/** Routers whose orders are held: each brings its manifest. */
const MOST_ROUTERS = 16;

/** The orders of recent decisions by name, the newest ones: bounded by the rows that their snapshots have, and by their routers. */
export class HeldOrders {
  readonly #orders = new Map<string, HeldOrder>();
  /** Orders by router. */
  readonly #routers = new Map<string, number>();
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
    this.#routers.set(order.router, (this.#routers.get(order.router) ?? 0) + 1);
    for (const [oldest, { router, snapshot }] of this.#orders) {
      if ((this.#rows <= this.#mostRows && this.#routers.size <= MOST_ROUTERS) || this.#orders.size === 1) return;
      this.#orders.delete(oldest);
      this.#rows -= snapshot.targets.length;
      const left = this.#routers.get(router)! - 1;
      if (left > 0) this.#routers.set(router, left);
      else this.#routers.delete(router);
    }
  }
}
