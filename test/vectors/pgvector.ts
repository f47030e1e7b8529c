import { PGlite } from '@electric-sql/pglite';
import { PGliteDialect, sql } from 'kysely';
import pg from 'pg';
import { openPostgres } from '../../runtime/store/open-postgres.ts';
import { createPostgresStore } from '../../runtime/store/postgres-store.ts';
import type { Store } from '../../runtime/store/store.ts';
import { HAS_POSTGRES, POSTGRES_URL } from '../exams/store/stores.ts';

interface Opened {
  readonly store: Store;
  remove(): Promise<void>;
}

/** PGlite's build of the extension, where it is installed, or where `TEST_PGVECTOR` says that it is. */
const MODULE = process.env.TEST_PGVECTOR ?? '@electric-sql/pglite-pgvector';

export const WHY_NO_PGVECTOR = 'not run: neither the PostgreSQL of the tests nor PGlite has the extension `vector`';

/** A database with pgvector; null: there is none here. */
export const openPgvector: (() => Promise<Opened>) | null = await find();

async function find(): Promise<(() => Promise<Opened>) | null> {
  if (HAS_POSTGRES && (await isAvailable())) return inPostgres;
  const found = (await import(MODULE).catch(() => null)) as { vector: never } | null;
  return found === null ? null : () => inPglite(found.vector);
}

async function isAvailable(): Promise<boolean> {
  const client = new pg.Client({ connectionString: POSTGRES_URL });
  await client.connect();
  const { rowCount } = await client.query("select 1 from pg_available_extensions where name = 'vector'");
  await client.end();
  return rowCount === 1;
}

let made = 0;

async function inPostgres(): Promise<Opened> {
  const schema = `vectors_${process.pid}_${Date.now().toString(36)}_${made++}`;
  const store = await openPostgres(POSTGRES_URL, schema);
  return {
    store,
    async remove() {
      await sql`drop schema ${sql.ref(schema)} cascade`.execute(store.tables());
      await store.close();
    },
  };
}

async function inPglite(vector: never): Promise<Opened> {
  const database = await PGlite.create({ extensions: { vector } });
  const listener = { listen: async () => {}, unlisten: async () => {}, close: async () => {} };
  const store = createPostgresStore({ dialect: new PGliteDialect({ pglite: database as never }), where: 'memory', listener });
  return { store, remove: () => store.close() };
}
