import { randomBytes } from 'node:crypto';
import type { Live } from '../../schema/router.ts';

/** Names for the orders of one run: an epoch begins again with every load of a router, and the same router may be loaded twice. */
export class OrderNames {
  readonly #run = randomBytes(4).toString('hex');
  readonly #names = new WeakMap<Live, string>();
  #made = 0;

  /** The same name for the same tables, as long as they are there. */
  of(live: Live): string {
    const known = this.#names.get(live);
    if (known !== undefined) return known;
    const name = `${this.#run}-${this.#made++}`;
    this.#names.set(live, name);
    return name;
  }
}
