import type { Store } from '../../store/store.ts';
import type { PeerTables } from './tables.ts';

export type Forward = PeerTables['peer_forwards'];

/** Ms that a forward is remembered: longer than any run is asked for again. */
const AGE = 30 * 86_400_000;

/** What was sent to which peer. Without a line, no process of this store ever told a peer to start the run. */
export class ForwardBook {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async find(run: string): Promise<Forward | null> {
    const found = await this.#store.tables<PeerTables>().selectFrom('peer_forwards').selectAll().where('run', '=', run).executeTakeFirst();
    return found ?? null;
  }

  /** Those whose end nobody heard of, the latest `most`. */
  async open(most: number): Promise<readonly Forward[]> {
    return this.#store
      .tables<PeerTables>()
      .selectFrom('peer_forwards')
      .selectAll()
      .where('ended_at', 'is', null)
      .orderBy('created_at', 'desc')
      .limit(most)
      .execute();
  }

  async end(run: string): Promise<void> {
    await this.#store.write<PeerTables, void>(async (transaction) => {
      await transaction
        .updateTable('peer_forwards')
        .set({ ended_at: Date.now() })
        .where('run', '=', run)
        .where('ended_at', 'is', null)
        .execute();
    });
  }

  async add(forward: Forward): Promise<void> {
    await this.#store.write<PeerTables, void>(async (transaction) => {
      await transaction
        .insertInto('peer_forwards')
        .values(forward)
        .onConflict((conflict) => conflict.column('run').doUpdateSet({ ...forward }))
        .execute();
    });
  }

  async prune(): Promise<void> {
    await this.#store.write<PeerTables, void>(async (transaction) => {
      await transaction
        .deleteFrom('peer_forwards')
        .where('created_at', '<', Date.now() - AGE)
        .execute();
    });
  }
}
