import { PostgresDialect } from 'kysely';
import pg from 'pg';
import { Failure } from '../failure.ts';
import { createPostgresStore, type Listener } from './postgres-store.ts';
import { readInteger } from './read-integer.ts';
import type { Store } from './store.ts';

/** Connections of one process. */
const CONNECTIONS = 4;
const CONNECT_TIMEOUT = 5_000;
/** No statement of ours takes this long, in ms: what does is cut off, and so cannot hold locks for ever. */
const STATEMENT_TIMEOUT = 30_000;
/** First wait before a lost listener connects again, doubling to the last, in ms. */
const RECONNECT = [100, 10_000] as const;

/** Type number of PostgreSQL's `int8`, which pg gives as text. */
const INT8 = 20;

/** The store beyond one machine. Fails at once, naming host and database and no password, where nobody answers. */
export async function openPostgres(url: string, schema?: string): Promise<Store> {
  const config = readUrl(url, schema);
  const where = describe(url);
  const pool = new pg.Pool({ ...config, max: CONNECTIONS });
  // A connection that breaks while it is idle would end the process; the next statement tells.
  pool.on('error', () => {});
  // So would one that breaks between two statements of a transaction, which the pool does not look after.
  pool.on('connect', (client) => void client.on('error', () => {}));
  try {
    if (schema !== undefined) await pool.query(`create schema if not exists ${pg.escapeIdentifier(schema)}`);
    else await pool.query('select 1');
  } catch (cause) {
    await pool.end();
    throw new Failure('store', [`${where} cannot be used: ${(cause as Error).message}`], 'look at DATABASE_URL and at the server it names');
  }
  return createPostgresStore({ dialect: new PostgresDialect({ pool }), where, listener: new PgListener(config) });
}

function readUrl(url: string, schema: string | undefined): pg.ClientConfig {
  const search = schema === undefined ? '' : ` -c search_path=${schema}`;
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    statement_timeout: STATEMENT_TIMEOUT,
    keepAlive: true,
    application_name: 'policyd',
    // What is acknowledged is on the disk, whatever the server's own default is.
    options: `-c synchronous_commit=on${search}`,
    types: {
      getTypeParser: ((id: number, format?: 'text') =>
        id === INT8 ? readInteger : pg.types.getTypeParser(id, format)) as typeof pg.types.getTypeParser,
    },
  };
}

function describe(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `postgres://${hostname || 'localhost'}${port && `:${port}`}${pathname}`;
  } catch {
    return 'the database of DATABASE_URL';
  }
}

/** One connection that hears notifications, made when somebody listens and made again when it breaks. */
class PgListener implements Listener {
  readonly #config: pg.ClientConfig;
  readonly #channels = new Map<string, { hear(message: string): void; again(): void }>();
  #client: pg.Client | null = null;
  #connecting: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #wait: number = RECONNECT[0];
  #lost = false;
  #closed = false;

  constructor(config: pg.ClientConfig) {
    this.#config = config;
  }

  async listen(channel: string, hear: (message: string) => void, again: () => void): Promise<void> {
    this.#channels.set(channel, { hear, again });
    if (this.#client === null) await (this.#connecting ??= this.#connect());
    else await this.#client.query(`listen ${pg.escapeIdentifier(channel)}`);
  }

  async unlisten(channel: string): Promise<void> {
    this.#channels.delete(channel);
    await this.#client?.query(`unlisten ${pg.escapeIdentifier(channel)}`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#connecting?.catch(() => {});
    await this.#client?.end().catch(() => {});
  }

  async #connect(): Promise<void> {
    const client = new pg.Client(this.#config);
    client.on('error', () => {});
    client.on('notification', ({ channel, payload }) => this.#channels.get(channel)?.hear(payload ?? ''));
    client.once('end', () => {
      if (this.#client === client) this.#lose();
    });
    try {
      await client.connect();
      for (const channel of this.#channels.keys()) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
      this.#client = client;
      this.#wait = RECONNECT[0];
      if (this.#lost) for (const { again } of this.#channels.values()) again();
      this.#lost = false;
    } catch (error) {
      client.end().catch(() => {});
      this.#lose();
      throw error;
    } finally {
      this.#connecting = null;
    }
  }

  #lose(): void {
    this.#client = null;
    this.#lost = true;
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#connecting = this.#connect();
      this.#connecting.catch(() => {});
    }, this.#wait).unref();
    this.#wait = Math.min(this.#wait * 2, RECONNECT[1]);
  }
}
