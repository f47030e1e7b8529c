import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { SqliteExecutor } from './sqlite-executor.ts';

/** Longest wait for another connection's transaction, and between two tries, in ms. */
const BUSY_TIMEOUT = 5_000;
const BUSY_PAUSE = 20;

/** SQLite's primary result code for: another connection writes. */
const SQLITE_BUSY = 5;

/** Kysely's SQLite dialect over an executor. Waiting for another writer is done without blocking the thread, which may be that writer's. */
export class SqliteDialect implements Dialect {
  readonly #executor: SqliteExecutor;

  constructor(executor: SqliteExecutor) {
    this.#executor = executor;
  }

  createDriver(): Driver {
    return new SqliteDriver(this.#executor);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new SqliteAdapter();
  }

  createIntrospector(kysely: Kysely<unknown>): SqliteIntrospector {
    return new SqliteIntrospector(kysely);
  }
}

/** One connection; the adapter says so, and Kysely lets one user at a time have it. */
class SqliteDriver implements Driver, DatabaseConnection {
  readonly #executor: SqliteExecutor;

  constructor(executor: SqliteExecutor) {
    this.#executor = executor;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this;
  }

  /** As a writer from the start: a transaction that reads first and writes later fails where another wrote meanwhile, however long it waits. */
  async beginTransaction(): Promise<void> {
    await this.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(): Promise<void> {
    await this.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(): Promise<void> {
    await this.executeQuery(CompiledQuery.raw('rollback'));
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#executor.close();
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    for (const end = performance.now() + BUSY_TIMEOUT; ; ) {
      try {
        const { rows, changes } = await this.#executor.execute(sql, parameters);
        return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
      } catch (error) {
        const { errcode } = error as { errcode?: number };
        // Extended result codes carry the primary one in their low byte.
        if (errcode === undefined || (errcode & 0xff) !== SQLITE_BUSY || performance.now() > end) throw error;
        await sleep(1 + Math.random() * BUSY_PAUSE);
      }
    }
  }

  // biome-ignore lint/correctness/useYield: nothing is streamed from a database in the same process.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('rows of SQLite are not streamed; help: read them by pages');
  }
}
