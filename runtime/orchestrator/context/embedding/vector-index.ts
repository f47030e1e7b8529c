import type { Kysely } from 'kysely';
import type { Store } from '../../../store/store.ts';
import type { Scope } from '../search/query.ts';
import { keepInScope } from '../search/read-results.ts';
import type { Ranked } from '../search/query.ts';
import type { ContextTables } from '../tables.ts';
import type { VectorError } from '../vectors/vector-error.ts';
import { MOST_HITS, type VectorCollection, type VectorStore } from '../vectors/vector-store.ts';
import { nameSpace, type Space } from './space.ts';

/** Rows that are moved at a time. */
const PAGE = 500;
/** How long chunks that are gone are remembered for vector stores that were away, in ms. */
const MEMORY = 7 * 86_400_000;

/** How far a vector store has followed what is written: numbers of rows. */
interface Cursor {
  readonly embedded: number;
  readonly removed: number;
}

/**
 * The vectors of a space in a vector store: it follows what is embedded and what is removed, from where it stopped last. What the database has
 * is the truth; a vector store may lag, forget, or have more, and no search reads what is not in its scope there.
 */
export class VectorIndex {
  readonly #store: Store;
  readonly #vectors: VectorStore;
  readonly #installation: string;
  readonly #tell: (problem: string | null) => void;
  #opened: { readonly space: string; readonly collection: VectorCollection } | null = null;
  /** Of a store that forgets. */
  #cursor: Cursor = { embedded: 0, removed: 0 };
  #running: Promise<void> | null = null;
  #again = false;
  /** Why it could not follow last; null = it could. */
  problem: string | null = null;

  /** @param tell hears why the vector store fails, once for each reason; null: it works again. */
  constructor(store: Store, vectors: VectorStore, installation: string, tell: (problem: string | null) => void = () => {}) {
    this.#tell = tell;
    this.#store = store;
    this.#vectors = vectors;
    this.#installation = installation;
  }

  get where(): string {
    return this.#vectors.where;
  }

  /** A store that forgets is followed by every process for itself; another one by one of them. */
  get isOwn(): boolean {
    return this.#vectors.forgets;
  }

  /** Brings it up to date with what was written before this call. Never rejects: see `problem`. */
  follow(space: Space): Promise<void> {
    if (this.#running !== null) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#follow(space)
      .then(() => this.#note(null))
      .catch((error: VectorError) => {
        this.#note(error.message);
        if (error.code === 'unreachable') this.#forget();
      })
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  /** Whether something was embedded that it does not have yet. */
  async isBehind(space: Space): Promise<boolean> {
    const tables = this.#store.tables<ContextTables>();
    const { last } = await tables
      .selectFrom('context_embeddings')
      .select((select) => select.fn.max('seq').as('last'))
      .executeTakeFirstOrThrow();
    if (last === null) return false;
    if (this.isOwn && this.#opened?.space !== nameSpace(space)) return true;
    return (await this.#readCursor(tables, space)).embedded < last;
  }

  /** The chunks in a scope whose vectors are nearest, best first. @throws VectorError */
  async search(space: Space, vector: Float32Array, scope: Scope, most: number): Promise<Ranked[]> {
    const collection = await this.#open(space);
    const tables = this.#store.tables<ContextTables>();
    const { owner, namespace, source } = scope;
    try {
      for (let k = most; ; k = Math.min(k * 4, MOST_HITS)) {
        const hits = await collection.search(vector, k, { owner, namespace, source });
        const kept = await keepInScope(
          tables,
          hits.map(({ id }) => id),
          scope,
        );
        const ranked = hits.filter(({ id }) => kept.has(id)).slice(0, most);
        // Metadata is not in the vector store: where it takes many out, more are asked for.
        if (ranked.length >= most || hits.length < k || k >= MOST_HITS) return ranked.map(({ id, score }) => ({ chunk: id, score }));
      }
    } catch (error) {
      this.#note((error as VectorError).message);
      if ((error as VectorError).code === 'unreachable') this.#forget();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#vectors.close();
  }

  #note(problem: string | null): void {
    if (problem !== this.problem) this.#tell(problem);
    this.problem = problem;
  }

  #forget(): void {
    this.#opened = null;
    this.#cursor = { embedded: 0, removed: 0 };
  }

  async #open(space: Space): Promise<VectorCollection> {
    const name = nameSpace(space);
    if (this.#opened?.space !== name) {
      const collection = await this.#vectors.open(`policyd_${this.#installation}_${name}`, space.dimensions);
      this.#cursor = { embedded: 0, removed: 0 };
      // Somebody may have emptied it, or put another server in its place.
      if (!this.isOwn && (await collection.count()) === 0) {
        const tables = this.#store.tables<ContextTables>();
        await tables.deleteFrom('context_state').where('name', '=', this.#cursorName(space)).execute();
      }
      this.#opened = { space: name, collection };
    }
    return this.#opened.collection;
  }

  async #follow(space: Space): Promise<void> {
    const collection = await this.#open(space);
    const tables = this.#store.tables<ContextTables>();
    do {
      this.#again = false;
      let cursor = await this.#readCursor(tables, space);
      for (;;) {
        const rows = await readEmbedded(tables, space, cursor.embedded);
        const removed = await tables
          .selectFrom('context_removed')
          .select(['seq', 'chunk'])
          .where('seq', '>', cursor.removed)
          .orderBy('seq')
          .limit(PAGE)
          .execute();
        if (rows.length === 0 && removed.length === 0) break;
        const whole = rows.filter(({ vector }) => vector.byteLength > 0);
        await collection.upsert(
          whole.map(({ chunk, vector, owner, namespace, source }) => ({
            id: chunk,
            vector: toVector(vector),
            tags: { owner, namespace, source },
          })),
        );
        await collection.remove(removed.map(({ chunk }) => chunk));
        cursor = { embedded: rows.at(-1)?.seq ?? cursor.embedded, removed: removed.at(-1)?.seq ?? cursor.removed };
        await this.#writeCursor(tables, space, cursor);
      }
    } while (this.#again);
    await tables
      .deleteFrom('context_removed')
      .where('at', '<', Date.now() - MEMORY)
      .execute();
  }

  async #readCursor(tables: Kysely<ContextTables>, space: Space): Promise<Cursor> {
    if (this.isOwn) return this.#cursor;
    const row = await tables.selectFrom('context_state').select('value').where('name', '=', this.#cursorName(space)).executeTakeFirst();
    return row === undefined ? { embedded: 0, removed: 0 } : (JSON.parse(row.value) as Cursor);
  }

  async #writeCursor(tables: Kysely<ContextTables>, space: Space, cursor: Cursor): Promise<void> {
    this.#cursor = cursor;
    if (this.isOwn) return;
    const value = JSON.stringify(cursor);
    await tables
      .insertInto('context_state')
      .values({ name: this.#cursorName(space), value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
      .execute();
  }

  #cursorName(space: Space): string {
    return `cursor ${nameSpace(space)} ${this.#vectors.where}`;
  }
}

function readEmbedded(tables: Kysely<ContextTables>, space: Space, after: number) {
  return tables
    .selectFrom('context_embeddings as e')
    .innerJoin('context_chunks as c', 'c.seq', 'e.chunk')
    .innerJoin('context_documents as d', 'd.seq', 'c.document')
    .select([
      'e.seq as seq',
      'e.chunk as chunk',
      'e.vector as vector',
      'd.owner as owner',
      'd.namespace as namespace',
      'd.source as source',
    ])
    .where('e.seq', '>', after)
    .where('e.space', '=', nameSpace(space))
    .orderBy('e.seq')
    .limit(PAGE)
    .execute();
}

/** Little-endian, as every machine that runs this is. */
function toVector(bytes: Uint8Array): Float32Array {
  const copy = Uint8Array.from(bytes);
  return new Float32Array(copy.buffer);
}
