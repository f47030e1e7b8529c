import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { Kysely, type Transaction } from 'kysely';
import { Failure } from '../failure.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { SqliteDialect } from './sqlite-dialect.ts';
import type { SqliteExecutor } from './sqlite-executor.ts';
import type { Store } from './store.ts';
import { ThreadedSqlite } from './threaded-sqlite.ts';

/**
 * The embedded store: one file, readable by its owner alone, and the folder it needs. Its statements run in a thread of their own, unless
 * `here` says that this thread may wait for the disk.
 */
export function openSqlite(file: string, here = false): Store {
  const kysely = new Kysely<unknown>({ dialect: new SqliteDialect(open(file, here)) });
  const channels = new Map<string, Set<(message: string) => void>>();
  let closed: Promise<void> | undefined;
  return {
    kind: 'sqlite',
    where: file,
    tables: <Tables>() => kysely as Kysely<Tables>,
    write: <Tables, Result>(work: (transaction: Transaction<Tables>) => Promise<Result>) =>
      (kysely as Kysely<Tables>).transaction().execute(work),
    async publish(channel, message) {
      for (const hear of channels.get(channel) ?? []) hear(message);
    },
    async subscribe(channel, hear) {
      const hearers = channels.get(channel) ?? new Set();
      channels.set(channel, hearers.add(hear));
      return async () => {
        hearers.delete(hear);
        if (hearers.size === 0) channels.delete(channel);
      };
    },
    close: () => {
      channels.clear();
      return (closed ??= kysely.destroy());
    },
  };
}

function open(file: string, here: boolean): SqliteExecutor {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    return here ? new SqliteConnection(file) : new ThreadedSqlite(file);
  } catch (cause) {
    throw new Failure(
      'store',
      [`${file} cannot be opened: ${(cause as Error).message}`],
      'name a folder that can be written with `--data`',
    );
  }
}
