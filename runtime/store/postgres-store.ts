import { type Dialect, Kysely, sql, type Transaction } from 'kysely';
import type { Store } from './store.ts';

/** Hears what is published on channels; one listener for each. `again`: what was published meanwhile is lost. */
export interface Listener {
  listen(channel: string, hear: (message: string) => void, again: () => void): Promise<void>;
  unlisten(channel: string): Promise<void>;
  close(): Promise<void>;
}

export interface PostgresParts {
  readonly dialect: Dialect;
  readonly where: string;
  readonly listener: Listener;
}

/** PostgreSQL's words for: the transaction gave way, begin it again. */
const GAVE_WAY = new Set(['40001', '40P01']);
const ATTEMPTS = 5;

/** A store over anything that speaks PostgreSQL. */
export function createPostgresStore({ dialect, where, listener }: PostgresParts): Store {
  const kysely = new Kysely<unknown>({ dialect });
  const channels = new Map<string, Map<(message: string) => void, () => void>>();
  let closed: Promise<void> | undefined;
  return {
    kind: 'postgres',
    where,
    tables: <Tables>() => kysely as Kysely<Tables>,
    write: (work) => transact(kysely, work),
    async publish(channel, message) {
      await sql`select pg_notify(${channel}, ${message})`.execute(kysely);
    },
    async subscribe(channel, hear, again = () => {}) {
      const hearers = channels.get(channel) ?? new Map<(message: string) => void, () => void>();
      channels.set(channel, hearers.set(hear, again));
      if (hearers.size === 1) {
        await listener.listen(
          channel,
          (message) => {
            for (const each of hearers.keys()) each(message);
          },
          () => {
            for (const each of hearers.values()) each();
          },
        );
      }
      return async () => {
        hearers.delete(hear);
        if (hearers.size > 0 || channels.get(channel) !== hearers) return;
        channels.delete(channel);
        await listener.unlisten(channel);
      };
    },
    close: () => (closed ??= listener.close().then(() => kysely.destroy())),
  };
}

async function transact<Tables, Result>(
  kysely: Kysely<unknown>,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await (kysely as Kysely<Tables>).transaction().execute(work);
    } catch (error) {
      if (attempt >= ATTEMPTS || !GAVE_WAY.has((error as { code?: string }).code ?? '')) throw error;
    }
  }
}
