import { type Transferable, Worker } from 'node:worker_threads';

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (problem: Error) => void;
}

/**
 * A thread that answers questions, in order: `{id, …}` in, `{id, result}` or `{id, problem}` out. It is started by the first one, and
 * anew after it broke down, which fails what it was asked. At most `most` questions wait.
 */
export class AskingThread {
  readonly #module: string;
  readonly #name: string;
  readonly #data: object;
  readonly #most: number;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #last = 0;
  #closed = false;

  constructor(module: URL, name: string, most: number, data: object = {}) {
    this.#module = module.href;
    this.#name = name;
    this.#most = most;
    this.#data = data;
  }

  /** Questions that have no answer yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  ask<Result>(question: object, transfer: readonly Transferable[] = []): Promise<Result> {
    if (this.#closed) return Promise.reject(new Error(`the thread \`${this.#name}\` is closed`));
    if (this.#waiting.size >= this.#most) return Promise.reject(new Error(`${this.#most} questions wait for the thread \`${this.#name}\``));
    const worker = (this.#worker ??= this.#open());
    const id = ++this.#last;
    const answered = new Promise<Result>((resolve, reject) => this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject }));
    // A process must not end while it waits for an answer.
    worker.ref();
    worker.postMessage({ id, ...question }, transfer);
    return answered;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#worker = null;
    this.#fail(new Error(`the thread \`${this.#name}\` is closed`));
    await worker?.terminate();
  }

  #open(): Worker {
    const worker = new Worker(new URL('../../thread.js', import.meta.url), {
      workerData: { module: this.#module, ...this.#data },
      name: this.#name,
    });
    worker.on('message', ({ id, result, problem }: { id: number; result: unknown; problem?: string }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) worker.unref();
      if (problem === undefined) waiting?.resolve(result as never);
      else waiting?.reject(new Error(problem));
    });
    const end = (error?: Error): void => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      this.#fail(error ?? new Error(`the thread \`${this.#name}\` ended`));
    };
    worker.on('error', (error) => end(error as Error));
    worker.on('exit', () => end());
    return worker;
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
