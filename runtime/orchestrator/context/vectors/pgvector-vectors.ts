import { type RawBuilder, sql } from 'kysely';
import type { Store } from '../../../store/store.ts';
import { checkVectors } from './check-vectors.ts';
import { VectorError } from './vector-error.ts';
import { TAG_NAMES, type VectorCollection, type VectorHit, type VectorStore } from './vector-store.ts';

const ROWS = 200;

/**
 * pgvector in the database of `DATABASE_URL`: exact search, shared by all replicas. Types and operators are named with the schema of the
 * extension, which need not be on the search path. https://github.com/pgvector/pgvector
 */
export class PgvectorVectors implements VectorStore {
  readonly where: string;
  readonly forgets = false;
  readonly #store: Store;
  #schema: string | null = null;

  constructor(store: Store) {
    this.#store = store;
    this.where = `pgvector ${store.where}`;
  }

  async open(name: string, dimensions: number): Promise<VectorCollection> {
    const schema = (this.#schema ??= await this.#load());
    const table = sql.table(name);
    const type = sql`${sql.ref(schema)}.vector`;
    const distance = sql`operator(${sql.ref(schema)}.<=>)`;
    await this.#run(sql`create table if not exists ${table} (id bigint primary key, owner text not null, namespace text not null,
      source text not null, vector ${type}(${sql.lit(dimensions)}) not null)`);
    // The dimensions of a column stand in the type's modifier.
    const [known] = await this.#run<{ dimensions: number }>(
      sql`select atttypmod as dimensions from pg_attribute where attrelid = to_regclass(${name}) and attname = 'vector'`,
    );
    if (known?.dimensions !== dimensions) {
      const message = `table \`${name}\` is of ${known?.dimensions} dimensions, not of ${dimensions} [dimensions] help: one collection is of one model`;
      throw new VectorError('dimensions', message);
    }
    const text = (vector: Float32Array): string => `[${vector.join(',')}]`;
    const collection: VectorCollection = {
      dimensions,
      upsert: async (rows) => {
        const values = rows.map(
          ({ id, vector, tags }) => sql`(${id}, ${tags.owner}, ${tags.namespace}, ${tags.source}, cast(${text(vector)} as ${type}))`,
        );
        await this.#run(sql`insert into ${table} (id, owner, namespace, source, vector) values ${sql.join(values)}
          on conflict (id) do update set owner = excluded.owner, namespace = excluded.namespace, source = excluded.source,
            vector = excluded.vector`);
      },
      remove: async (ids) => {
        await this.#run(sql`delete from ${table} where id in (${sql.join(ids)})`);
      },
      search: async (vector, k, filter) => {
        const asked = TAG_NAMES.filter((tag) => filter[tag] !== null).map((tag) => sql`${sql.ref(tag)} = ${filter[tag]}`);
        const where = asked.length === 0 ? sql`` : sql`where ${sql.join(asked, sql` and `)}`;
        return this.#run<VectorHit>(sql`select id, 1 - (vector ${distance} cast(${text(vector)} as ${type})) as score
          from ${table} ${where} order by vector ${distance} cast(${text(vector)} as ${type}), id limit ${sql.lit(k)}`);
      },
      count: async () => (await this.#run<{ rows: number }>(sql`select cast(count(*) as bigint) as rows from ${table}`))[0].rows,
    };
    return checkVectors(collection, ROWS);
  }

  async close(): Promise<void> {}

  /** The schema of the extension, which is made where the server has it and we may. */
  async #load(): Promise<string> {
    const find = sql<{
      schema: string;
    }>`select n.nspname as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'`;
    let [found] = await this.#run<{ schema: string }>(find);
    if (found === undefined) {
      try {
        await this.#run(sql`create extension if not exists vector`);
      } catch (cause) {
        const message = `${this.#store.where} has no pgvector: ${(cause as Error).message} [unavailable] help: install it there, or name another store with \`--vectors\``;
        throw new VectorError('unavailable', message, { cause });
      }
      [found] = await this.#run<{ schema: string }>(find);
    }
    return found.schema;
  }

  async #run<Row>(statement: RawBuilder<unknown>): Promise<Row[]> {
    try {
      return (await statement.execute(this.#store.tables<Record<never, never>>())).rows as Row[];
    } catch (cause) {
      throw new VectorError('refused', (cause as Error).message, { cause });
    }
  }
}
