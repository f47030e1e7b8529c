import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { SqliteExecutor, SqliteResult } from './sqlite-executor.ts';

/** Statements that stay prepared. */
const KEPT = 256;

interface Prepared {
  readonly statement: StatementSync;
  readonly reads: boolean;
}

/** `node:sqlite` in this thread. WAL with `synchronous=FULL`: one fsync for each commit. Fails at once where another one writes. */
export class SqliteConnection implements SqliteExecutor {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { enableForeignKeyConstraints: true });
    // Only for the change to WAL, which other processes that start at the same time make, too.
    this.#database.exec('pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 0');
  }

  execute(text: string, parameters: readonly unknown[]): SqliteResult {
    const { statement, reads } = this.#prepare(text);
    if (reads) return { rows: statement.all(...(parameters as SQLInputValue[])), changes: 0 };
    return { rows: [], changes: Number(statement.run(...(parameters as SQLInputValue[])).changes) };
  }

  close(): void {
    this.#prepared.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #prepare(text: string): Prepared {
    const kept = this.#prepared.get(text);
    if (kept !== undefined) return kept;
    const statement = this.#database.prepare(text);
    const prepared = { statement, reads: statement.columns().length > 0 };
    if (this.#prepared.size >= KEPT) this.#prepared.delete(this.#prepared.keys().next().value!);
    this.#prepared.set(text, prepared);
    return prepared;
  }
}
