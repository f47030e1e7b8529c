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
  /** By router: its orders, and the one manifest that they share; the same router may be put in force again and again. */
  readonly #routers = new Map<string, { manifest: Manifest; orders: number }>();
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
    const shared = this.#routers.get(order.router) ?? { manifest: order.manifest, orders: 0 };
    shared.orders++;
    this.#routers.set(order.router, shared);
    this.#orders.set(name, { ...order, manifest: shared.manifest });
    this.#rows += order.snapshot.targets.length;
    for (const [oldest, { router, snapshot }] of this.#orders) {
      if ((this.#rows <= this.#mostRows && this.#routers.size <= MOST_ROUTERS) || this.#orders.size === 1) return;
      this.#orders.delete(oldest);
      this.#rows -= snapshot.targets.length;
      if (--this.#routers.get(router)!.orders === 0) this.#routers.delete(router);
    }
  }
}
