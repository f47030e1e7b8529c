import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { PGliteDialect, type PGliteDialectConfig } from 'kysely';
import pg from 'pg';
import type { NamedMigration } from '../../../runtime/store/migration.ts';
import { migrate } from '../../../runtime/store/migrate.ts';
import { openStore } from '../../../runtime/store/open-store.ts';
import { createPostgresStore } from '../../../runtime/store/postgres-store.ts';
import { readMigrations } from '../../../runtime/store/read-migrations.ts';
import type { Store } from '../../../runtime/store/store.ts';
import type { StoreLocation } from '../../../runtime/store/store-location.ts';

/** A database of its own for one test. */
export interface Shelf {
  /** Where other processes find it; null = nowhere but here. */
  readonly location: StoreLocation | null;
  /** One more connection to it, migrated; to what a test adds, too. */
  open(added?: readonly NamedMigration[]): Promise<Store>;
  remove(): Promise<void>;
}

export const POSTGRES_URL = process.env.TEST_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';

/** Whether a PostgreSQL answers, asked once. */
export const HAS_POSTGRES = await answers();

/** Every kind of store; null: not run, no PostgreSQL. */
export const SHELVES: Readonly<Record<'sqlite' | 'sqlite in the same thread' | 'pglite' | 'postgres', (() => Promise<Shelf>) | null>> = {
  sqlite: () => makeSqlite(false),
  'sqlite in the same thread': () => makeSqlite(true),
  pglite: makePglite,
  postgres: HAS_POSTGRES ? makePostgres : null,
};

async function answers(): Promise<boolean> {
  const client = new pg.Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: 1_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

async function makeSqlite(here: boolean): Promise<Shelf> {
  const folder = mkdtempSync(join(tmpdir(), 'policyd-store-'));
  const location: StoreLocation = { kind: 'sqlite', file: join(folder, 'data', 'policyd.sqlite') };
  return {
    location,
    open: (added) => openStore(location, here, added),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

let made = 0;

async function makePostgres(): Promise<Shelf> {
  const schema = `exam_${process.pid}_${Date.now().toString(36)}_${made++}`;
  const location: StoreLocation = { kind: 'postgres', url: POSTGRES_URL, schema };
  return {
    location,
    open: (added) => openStore(location, false, added),
    async remove() {
      const client = new pg.Client({ connectionString: POSTGRES_URL });
      await client.connect();
      await client.query(`drop schema if exists ${schema} cascade`);
      await client.end();
    },
  };
}

/** PostgreSQL's own code in memory: its dialect without a server. It has one connection, so that all stores of a shelf share it. */
async function makePglite(): Promise<Shelf> {
  const database = await PGlite.create();
  return {
    location: null,
    async open(added = []) {
      const store = createPostgresStore({
        dialect: new PGliteDialect({ pglite: share(database) }),
        where: 'memory',
        listener: {
          listen: async (channel, hear) => void (await database.listen(channel, hear)),
          unlisten: (channel) => database.unlisten(channel),
          close: async () => {},
        },
      });
      await migrate(store, [...(await readMigrations()), ...added]);
      return store;
    },
    remove: () => database.close(),
  };
}

/** Closing a store must not take the database away from the others. */
function share(database: PGlite): PGliteDialectConfig['pglite'] {
  return {
    ready: true,
    closed: false,
    waitReady: Promise.resolve(),
    close: async () => {},
    query: (text, parameters, options) => database.query(text, parameters, options),
    transaction: (work) => database.transaction(work as never) as never,
  };
}
