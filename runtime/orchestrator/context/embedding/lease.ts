import { randomUUID } from 'node:crypto';
import type { Store } from '../../../store/store.ts';
import type { ContextTables } from '../tables.ts';

/** How long nobody else does the work after its holder was last heard of, in ms. */
export const LEASE = 10_000;

/** The right to do what one process of a store does at a time. It is an economy: work that two do is done twice, and comes out the same. */
export class Lease {
  readonly #store: Store;
  readonly #name: string;
  readonly #holder = randomUUID();

  constructor(store: Store, name: string) {
    this.#store = store;
    this.#name = name;
  }

  /** Takes it, or keeps it; false: another process has it. */
  async take(): Promise<boolean> {
    const tables = this.#store.tables<ContextTables>();
    const value = JSON.stringify({ holder: this.#holder, until: Date.now() + LEASE });
    const row = await tables.selectFrom('context_state').select('value').where('name', '=', this.#name).executeTakeFirst();
    if (row === undefined) {
      const { numInsertedOrUpdatedRows } = await tables
        .insertInto('context_state')
        .values({ name: this.#name, value })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .executeTakeFirst();
      return (numInsertedOrUpdatedRows ?? 0n) > 0n;
    }
    const { holder, until } = JSON.parse(row.value) as { holder: string; until: number };
    // A clock that is behind by far must not keep it for ever.
    const isHeld = holder !== this.#holder && until > Date.now() && until < Date.now() + 2 * LEASE;
    if (isHeld) return false;
    const { numUpdatedRows } = await tables
      .updateTable('context_state')
      .set({ value })
      .where('name', '=', this.#name)
      .where('value', '=', row.value)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  /** Lets another one have it at once. */
  async release(): Promise<void> {
    const tables = this.#store.tables<ContextTables>();
    const row = await tables.selectFrom('context_state').select('value').where('name', '=', this.#name).executeTakeFirst();
    if (row === undefined || (JSON.parse(row.value) as { holder: string }).holder !== this.#holder) return;
    await tables.deleteFrom('context_state').where('name', '=', this.#name).where('value', '=', row.value).execute();
  }
}
