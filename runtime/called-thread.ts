import { Worker } from 'node:worker_threads';
import type { ThreadAnswer, ThreadCall } from './answer-calls.ts';
import { Failure } from './failure.ts';

export interface CalledThreadOptions {
  /** Of the module that answers: see `answerCalls`. */
  readonly module: URL;
  /** Of the thread, for people who look at a process. */
  readonly name: string;
  /** What its module finds as `workerData`. */
  readonly data: object;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (problem: Error) => void;
}

const OPEN = Promise.resolve();

/** A thread that answers calls of methods. One that ends by itself is started again with the next call. */
export class CalledThread<Method extends string, Hint> {
  readonly #options: CalledThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  #hear: (hint: Hint) => void = () => {};
  #worker: Worker | null = null;
  #opened: Promise<unknown> | null = null;
  #last = 0;
  #closed = false;

  /** Throws what the call `open` throws there, a `Failure` as one. */
  static async open<Method extends string, Hint>(options: CalledThreadOptions): Promise<CalledThread<Method, Hint>> {
    const thread = new CalledThread<Method, Hint>(options);
    try {
      await thread.#start();
      return thread;
    } catch (error) {
      thread.#closed = true;
      await thread.#worker?.terminate();
      throw error;
    }
  }

  private constructor(options: CalledThreadOptions) {
    this.#options = options;
  }

  /** Who is told what the other side tells unasked. */
  listen(hear: (hint: Hint) => void): void {
    this.#hear = hear;
  }

  async call<Result>(method: Method, ...parameters: unknown[]): Promise<Result> {
    if (this.#closed) throw new Error(`the thread of the ${this.#options.name} is closed`);
    // Without a turn of its own where the thread is there: what is called together shares a transaction.
    if (this.#worker === null) await this.#start();
    else if (this.#opened !== OPEN) await this.#opened;
    return this.#post(method, parameters) as Promise<Result>;
  }

  /** Calls `close`, and ends the thread. */
  async close(...parameters: unknown[]): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#worker === null) return;
    try {
      await this.#opened;
      await this.#post('close', parameters);
    } finally {
      await this.#worker?.terminate();
    }
  }

  #start(): Promise<unknown> {
    if (this.#opened !== null) return this.#opened;
    const { module, name, data } = this.#options;
    const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: { module: module.href, ...data }, name });
    worker.unref();
    worker.on('message', (message: ThreadAnswer | { hint: Hint }) => ('hint' in message ? this.#hear(message.hint) : this.#take(message)));
    worker.on('error', (error) => this.#end(worker, error as Error));
    worker.on('exit', () => this.#end(worker, this.#gone()));
    this.#worker = worker;
    const opened = this.#post('open', []);
    this.#opened = opened;
    opened.then(
      () => {
        if (this.#opened === opened) this.#opened = OPEN;
      },
      // What cannot be opened now may be there at the next call.
      (error) => this.#end(worker, error),
    );
    return opened;
  }

  #post(method: string, parameters: readonly unknown[]): Promise<unknown> {
    const id = ++this.#last;
    const worker = this.#worker;
    if (worker === null) return Promise.reject(this.#gone());
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // A process must not end while it waits for an answer.
      if (this.#waiting.size === 1) worker.ref();
      worker.postMessage({ id, method, parameters } satisfies ThreadCall);
    });
  }

  #take({ id, result, problem }: ThreadAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if (problem === undefined) waiting?.resolve(result);
    else if (problem.failure === null) waiting?.reject(new Error(problem.message));
    else waiting?.reject(new Failure(problem.failure.slug, problem.failure.problems, problem.failure.help));
  }

  #end(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#opened = null;
    void worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #gone(): Error {
    return new Error(`the thread of the ${this.#options.name} ended`);
  }
}
