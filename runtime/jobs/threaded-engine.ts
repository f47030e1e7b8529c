import { CalledThread } from '../called-thread.ts';
import type { StoreLocation } from '../store/store-location.ts';
import type { Job, JobEvent, NewJob } from './job.ts';
import type { Claimed, Ended, Enqueued, JobEngine, JobFilter, JobHint, JobPage, JobStats, Lease, Offer, Seat } from './job-engine.ts';
import type { EngineOptions } from './open-engine.ts';

/** What a thread can be told. */
export type ThreadedOptions = Pick<EngineOptions, 'queues' | 'retention'>;

type Method = Exclude<keyof JobEngine, 'listen' | 'close'>;

/** A job engine in a thread of its own. */
export class ThreadedEngine implements JobEngine {
  readonly #thread: CalledThread<Method, JobHint>;

  /** Throws a `Failure` where the store cannot be opened. */
  static async open(location: StoreLocation, options: ThreadedOptions): Promise<ThreadedEngine> {
    const module = new URL('./engine-thread.ts', import.meta.url);
    return new ThreadedEngine(await CalledThread.open({ module, name: 'jobs', data: { location, options } }));
  }

  private constructor(thread: CalledThread<Method, JobHint>) {
    this.#thread = thread;
  }

  join(holder: string, lease: number): Promise<void> {
    return this.#thread.call('join', holder, lease);
  }

  enqueue(job: NewJob, seat: Seat | null): Promise<Enqueued> {
    return this.#thread.call('enqueue', job, seat);
  }

  claim(queue: string, offers: readonly Offer[]): Promise<Claimed> {
    return this.#thread.call('claim', queue, offers);
  }

  heartbeat(holder: string): Promise<boolean> {
    return this.#thread.call('heartbeat', holder);
  }

  complete(lease: Lease, result: string | null): Promise<Ended> {
    return this.#thread.call('complete', lease, result);
  }

  fail(lease: Lease, error: string, options: Parameters<JobEngine['fail']>[2]): Promise<Ended> {
    return this.#thread.call('fail', lease, error, options);
  }

  release(lease: Lease): Promise<Ended> {
    return this.#thread.call('release', lease);
  }

  cancel(id: string, reason: string): Promise<Ended> {
    return this.#thread.call('cancel', id, reason);
  }

  cancelPending(queue: string, reason: string): Promise<number> {
    return this.#thread.call('cancelPending', queue, reason);
  }

  redrive(id: string, depth: number): ReturnType<JobEngine['redrive']> {
    return this.#thread.call('redrive', id, depth);
  }

  sweep(): Promise<number> {
    return this.#thread.call('sweep');
  }

  get(id: string): Promise<Job | null> {
    return this.#thread.call('get', id);
  }

  list(filter: JobFilter): Promise<JobPage> {
    return this.#thread.call('list', filter);
  }

  stats(queue: string): Promise<JobStats> {
    return this.#thread.call('stats', queue);
  }

  history(id: string): Promise<readonly JobEvent[]> {
    return this.#thread.call('history', id);
  }

  readSize(queue: string): Promise<number> {
    return this.#thread.call('readSize', queue);
  }

  writeSize(queue: string, size: number): Promise<void> {
    return this.#thread.call('writeSize', queue, size);
  }

  async listen(hear: (hint: JobHint) => void): Promise<void> {
    this.#thread.listen(hear);
  }

  close(holder: string): Promise<void> {
    return this.#thread.close(holder);
  }
}
