import { Failure } from '../failure.ts';
import { migrate } from './migrate.ts';
import type { NamedMigration } from './migration.ts';
import { openSqlite } from './open-sqlite.ts';
import { readMigrations } from './read-migrations.ts';
import type { Store } from './store.ts';
import type { StoreLocation } from './store-location.ts';

/**
 * Opens the store and brings its tables up to date. `here`: SQLite in the calling thread, for threads that may wait for a disk. `added`:
 * migrations beside those of this version. Throws a `Failure` that names the place and the remedy.
 */
export async function openStore(location: StoreLocation, here = false, added: readonly NamedMigration[] = []): Promise<Store> {
  const store = await open(location, here);
  try {
    await migrate(store, [...(await readMigrations()), ...added]);
    return store;
  } catch (error) {
    await store.close().catch(() => {});
    if (error instanceof Failure) throw error;
    throw new Failure('store', [`${store.where} cannot be used: ${(error as Error).message}`], 'name another store, or repair this one');
  }
}

async function open(location: StoreLocation, here: boolean): Promise<Store> {
  if (location.kind === 'sqlite') return openSqlite(location.file, here);
  // Its driver is read where it serves: no thread of the embedded store waits for it.
  const { openPostgres } = await import('./open-postgres.ts');
  return openPostgres(location.url, location.schema);
}
