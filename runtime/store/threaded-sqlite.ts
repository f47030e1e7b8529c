import { Worker } from 'node:worker_threads';
import type { SqliteExecutor, SqliteResult } from './sqlite-executor.ts';
import type { SqliteAnswer, SqliteQuestion } from './sqlite-thread.ts';

interface Waiting {
  readonly resolve: (result: SqliteResult) => void;
  readonly reject: (problem: Error) => void;
}

/** A SQLite connection in a thread of its own: a commit waits for the disk, several ms on a busy one, and the event loop does not. */
export class ThreadedSqlite implements SqliteExecutor {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #ended: Error | null = null;

  constructor(file: string) {
    const module = new URL('./sqlite-thread.ts', import.meta.url).href;
    this.#worker = new Worker(new URL('../thread.js', import.meta.url), { workerData: { module, file }, name: 'store' });
    this.#worker.unref();
    this.#worker.on('message', (answer: SqliteAnswer) => this.#take(answer));
    this.#worker.on('error', (error) => this.#end(error as Error));
    this.#worker.on('exit', () => this.#end(new Error('the store is closed')));
  }

  execute(text: string | null, parameters: readonly unknown[]): Promise<SqliteResult> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const id = ++this.#last;
    const question: SqliteQuestion = { id, text, parameters };
    const answered = new Promise<SqliteResult>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    // A process must not end while it waits for an answer.
    if (this.#waiting.size === 1) this.#worker.ref();
    this.#worker.postMessage(question);
    return answered;
  }

  async close(): Promise<void> {
    if (this.#ended === null) await this.execute(null, []);
  }

  #take({ id, result, problem }: SqliteAnswer): void {
    const waiting = this.#waiting.get(id)!;
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (problem === undefined) waiting.resolve(result ?? { rows: [], changes: 0 });
    else waiting.reject(Object.assign(new Error(problem.message), { errcode: problem.errcode }));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
