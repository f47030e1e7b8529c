import { Worker } from 'node:worker_threads';
import { Failure } from '../failure.ts';
import type { StoreLocation } from '../store/store-location.ts';
import type { AuditOptions, AuditReport } from './audit.ts';
import type { Batch, CalibrationRow, Reply } from './batch.ts';
import type { Clerk, Hint } from './clerk.ts';
import type { ClerkAnswer, ClerkCall } from './clerk-thread.ts';
import type { Spend } from './read-spend.ts';

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (problem: Error) => void;
}

/** A clerk in a thread of its own. A thread that ends by itself is started again with the next call. */
export class ThreadedClerk implements Clerk {
  readonly #location: StoreLocation;
  readonly #waiting = new Map<number, Waiting>();
  #hear: (hint: Hint) => void = () => {};
  #worker: Worker | null = null;
  #opened: Promise<unknown> | null = null;
  #last = 0;
  #closed = false;

  /** Throws a `Failure` where the store cannot be opened. */
  static async open(location: StoreLocation): Promise<ThreadedClerk> {
    const clerk = new ThreadedClerk(location);
    try {
      await clerk.#start();
      return clerk;
    } catch (error) {
      clerk.#closed = true;
      await clerk.#worker?.terminate();
      throw error;
    }
  }

  private constructor(location: StoreLocation) {
    this.#location = location;
  }

  exchange(batch: Batch): Promise<Reply> {
    return this.#call('exchange', batch);
  }

  audit(options: AuditOptions): Promise<AuditReport> {
    return this.#call('audit', options);
  }

  spend(at: number): Promise<readonly Spend[]> {
    return this.#call('spend', at);
  }

  recent(at: number, hours: number): Promise<Readonly<Record<string, readonly number[]>>> {
    return this.#call('recent', at, hours);
  }

  calibration(): Promise<readonly CalibrationRow[]> {
    return this.#call('calibration');
  }

  async listen(hear: (hint: Hint) => void): Promise<void> {
    this.#hear = hear;
  }

  async close(holder: string): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#worker === null) return;
    try {
      await this.#opened;
      await this.#post('close', [holder]);
    } finally {
      await this.#worker?.terminate();
    }
  }

  async #call<Result>(method: ClerkCall['method'], ...parameters: unknown[]): Promise<Result> {
    if (this.#closed) throw new Error('the ledger is closed');
    await this.#start();
    return this.#post(method, parameters) as Promise<Result>;
  }

  #start(): Promise<unknown> {
    if (this.#opened !== null) return this.#opened;
    const module = new URL('./clerk-thread.ts', import.meta.url).href;
    const worker = new Worker(new URL('../thread.js', import.meta.url), {
      workerData: { module, location: this.#location },
      name: 'ledger',
    });
    worker.unref();
    worker.on('message', (message: ClerkAnswer | { hint: Hint }) => ('hint' in message ? this.#hear(message.hint) : this.#take(message)));
    worker.on('error', (error) => this.#end(worker, error as Error));
    worker.on('exit', () => this.#end(worker, new Error('the thread of the ledger ended')));
    this.#worker = worker;
    this.#opened = this.#post('open', []);
    // A store that cannot be opened now may be there at the next call.
    this.#opened.catch((error) => this.#end(worker, error));
    return this.#opened;
  }

  #post(method: ClerkCall['method'], parameters: readonly unknown[]): Promise<unknown> {
    const id = ++this.#last;
    const worker = this.#worker;
    if (worker === null) return Promise.reject(new Error('the thread of the ledger ended'));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // A process must not end while it waits for an answer.
      if (this.#waiting.size === 1) worker.ref();
      worker.postMessage({ id, method, parameters } satisfies ClerkCall);
    });
  }

  #take({ id, result, problem }: ClerkAnswer): void {
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
}
