import { Worker } from 'node:worker_threads';
import { Failure } from '../failure.ts';
import type { StoreLocation } from '../store/store-location.ts';
import type { EngineAnswer, EngineCall } from './engine-thread.ts';
import type { Job, JobEvent, NewJob } from './job.ts';
import type { Claimed, Ended, Enqueued, JobEngine, JobFilter, JobHint, JobPage, JobStats, Lease, Offer, Seat } from './job-engine.ts';
import type { EngineOptions } from './open-engine.ts';

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (problem: Error) => void;
}

/** What a thread can be told. */
export type ThreadedOptions = Pick<EngineOptions, 'queues' | 'retention'>;

/** A job engine in a thread of its own. A thread that ends by itself is started again with the next call. */
export class ThreadedEngine implements JobEngine {
  readonly #location: StoreLocation;
  readonly #options: ThreadedOptions;
  readonly #waiting = new Map<number, Waiting>();
  #hear: (hint: JobHint) => void = () => {};
  #worker: Worker | null = null;
  #opened: Promise<unknown> | null = null;
  #last = 0;
  #closed = false;

  /** Throws a `Failure` where the store cannot be opened. */
  static async open(location: StoreLocation, options: ThreadedOptions): Promise<ThreadedEngine> {
    const engine = new ThreadedEngine(location, options);
    try {
      await engine.#start();
      return engine;
    } catch (error) {
      engine.#closed = true;
      await engine.#worker?.terminate();
      throw error;
    }
  }

  private constructor(location: StoreLocation, options: ThreadedOptions) {
    this.#location = location;
    this.#options = options;
  }

  join(holder: string, lease: number): Promise<void> {
    return this.#call('join', holder, lease);
  }

  enqueue(job: NewJob, seat: Seat | null): Promise<Enqueued> {
    return this.#call('enqueue', job, seat);
  }

  claim(queue: string, offers: readonly Offer[]): Promise<Claimed> {
    return this.#call('claim', queue, offers);
  }

  heartbeat(holder: string): Promise<boolean> {
    return this.#call('heartbeat', holder);
  }

  complete(lease: Lease, result: string | null): Promise<Ended> {
    return this.#call('complete', lease, result);
  }

  fail(lease: Lease, error: string, options: Parameters<JobEngine['fail']>[2]): Promise<Ended> {
    return this.#call('fail', lease, error, options);
  }

  release(lease: Lease): Promise<Ended> {
    return this.#call('release', lease);
  }

  cancel(id: string, reason: string): Promise<Ended> {
    return this.#call('cancel', id, reason);
  }

  cancelPending(queue: string, reason: string): Promise<number> {
    return this.#call('cancelPending', queue, reason);
  }

  redrive(id: string, depth: number): ReturnType<JobEngine['redrive']> {
    return this.#call('redrive', id, depth);
  }

  sweep(): Promise<number> {
    return this.#call('sweep');
  }

  get(id: string): Promise<Job | null> {
    return this.#call('get', id);
  }

  list(filter: JobFilter): Promise<JobPage> {
    return this.#call('list', filter);
  }

  stats(queue: string): Promise<JobStats> {
    return this.#call('stats', queue);
  }

  history(id: string): Promise<readonly JobEvent[]> {
    return this.#call('history', id);
  }

  readSize(queue: string): Promise<number> {
    return this.#call('readSize', queue);
  }

  writeSize(queue: string, size: number): Promise<void> {
    return this.#call('writeSize', queue, size);
  }

  async listen(hear: (hint: JobHint) => void): Promise<void> {
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

  async #call<Result>(method: EngineCall['method'], ...parameters: unknown[]): Promise<Result> {
    if (this.#closed) throw new Error('the job engine is closed');
    // Without a turn of its own where the thread is there: what is called together shares a transaction.
    if (this.#worker === null) await this.#start();
    else if (this.#opened !== OPEN) await this.#opened;
    return this.#post(method, parameters) as Promise<Result>;
  }

  #start(): Promise<unknown> {
    if (this.#opened !== null) return this.#opened;
    const module = new URL('./engine-thread.ts', import.meta.url).href;
    const worker = new Worker(new URL('../thread.js', import.meta.url), {
      workerData: { module, location: this.#location, options: this.#options },
      name: 'jobs',
    });
    worker.unref();
    worker.on('message', (message: EngineAnswer | { hint: JobHint }) =>
      'hint' in message ? this.#hear(message.hint) : this.#take(message),
    );
    worker.on('error', (error) => this.#end(worker, error as Error));
    worker.on('exit', () => this.#end(worker, new Error('the thread of the jobs ended')));
    this.#worker = worker;
    const opened = this.#post('open', []);
    this.#opened = opened;
    opened.then(
      () => {
        if (this.#opened === opened) this.#opened = OPEN;
      },
      // A store that cannot be opened now may be there at the next call.
      (error) => this.#end(worker, error),
    );
    return opened;
  }

  #post(method: EngineCall['method'], parameters: readonly unknown[]): Promise<unknown> {
    const id = ++this.#last;
    const worker = this.#worker;
    if (worker === null) return Promise.reject(new Error('the thread of the jobs ended'));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // A process must not end while it waits for an answer.
      if (this.#waiting.size === 1) worker.ref();
      worker.postMessage({ id, method, parameters } satisfies EngineCall);
    });
  }

  #take({ id, result, problem }: EngineAnswer): void {
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

const OPEN = Promise.resolve();
