/** What a statement gave: rows where it has columns, else how many it changed. */
export interface SqliteResult {
  readonly rows: unknown[];
  readonly changes: number;
}

/** One connection to a SQLite file, here or in a thread of its own. Statements run in the order of the calls. */
export interface SqliteExecutor {
  execute(text: string, parameters: readonly unknown[]): SqliteResult | Promise<SqliteResult>;
  close(): void | Promise<void>;
}
