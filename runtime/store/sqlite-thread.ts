import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { SqliteConnection } from './sqlite-connection.ts';

/** What `SqliteThread` asks: a statement, or the end. */
export interface SqliteQuestion {
  readonly id: number;
  /** null = close. */
  readonly text: string | null;
  readonly parameters: readonly unknown[];
}

export interface SqliteAnswer {
  readonly id: number;
  readonly result?: { rows: unknown[]; changes: number };
  readonly problem?: { readonly message: string; readonly errcode: number | undefined };
}

/** The thread that owns a SQLite connection: it waits for the disk, so that nobody else does. */
serve(parentPort!, new SqliteConnection(workerData.file));

function serve(port: MessagePort, connection: SqliteConnection): void {
  port.on('message', ({ id, text, parameters }: SqliteQuestion) => {
    try {
      if (text === null) {
        connection.close();
        port.postMessage({ id } satisfies SqliteAnswer);
        port.close();
      } else port.postMessage({ id, result: connection.execute(text, parameters) } satisfies SqliteAnswer);
    } catch (error) {
      const { message, errcode } = error as Error & { errcode?: number };
      port.postMessage({ id, problem: { message, errcode } } satisfies SqliteAnswer);
    }
  });
}
