import { Worker } from 'node:worker_threads';
import type { CountAnswer, CountQuestion } from './counting-thread.ts';
import type { Request, RequestTokens } from './request.ts';
import type { TextCount } from './tokens/count-text.ts';

/** Bounds of what may wait: a gateway under load has more to lose by waiting for counts than by taking the byte bound. */
const MOST_WAITING = 64;
const MOST_BYTES = 64 * 1024 * 1024;

/** Longest wait for a count, ms; the thread's own bound on work is below it. */
const PATIENCE = 250;

interface Job {
  readonly question: CountQuestion;
  /** The first answer counts. */
  readonly done: (count: TextCount | null) => void;
}

/**
 * Counts tokens in a thread of its own, so that a long text stops nobody else's request: one count at a time, first come first served,
 * bounded in number, bytes and time. The thread is started by the first count (85 ms for its vocabulary) and again after it broke down.
 */
export class TokenCounter {
  readonly #waiting: Job[] = [];
  #running: Job | null = null;
  #bytes = 0;
  #last = 0;
  #worker: Worker | null = null;
  #closed = false;

  /** Counts that wait or run. */
  get pending(): number {
    return this.#waiting.length + (this.#running === null ? 0 : 1);
  }

  /** Starts the thread, so that the first count does not wait for it. */
  start(): void {
    this.#worker ??= this.#open();
  }

  /**
   * Makes the pending count of a request and settles it. Where too much waits already, it takes too long, or the thread broke down over
   * it, it is settled with the byte bound: one that is too high is safe, and a decision is never kept waiting for long.
   */
  settle(request: Request, tokens: RequestTokens): Promise<void> {
    const asked = tokens.pending;
    const size = request.buffer.length;
    if (asked === null) return Promise.resolve();
    if (this.#closed || this.pending >= MOST_WAITING || this.#bytes + size > MOST_BYTES) {
      tokens.settle(null);
      return Promise.resolve();
    }
    // A copy that moves to the thread: the bytes themselves are on their way to a backend.
    const body = new Uint8Array(request.buffer);
    this.#bytes += size;
    return new Promise((resolve) => {
      let isOpen = true;
      const done = (count: TextCount | null): void => {
        if (!isOpen) return;
        isOpen = false;
        clearTimeout(patience);
        this.#bytes -= size;
        tokens.settle(count);
        resolve();
      };
      const job: Job = { question: { id: ++this.#last, endpoint: request.body.endpoint, body, ...asked }, done };
      const patience = setTimeout(() => {
        const at = this.#waiting.indexOf(job);
        if (at >= 0) this.#waiting.splice(at, 1);
        done(null);
      }, PATIENCE);
      this.#waiting.push(job);
      this.#next();
    });
  }

  /** Gives the byte bound to all that wait, and ends the thread. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { done } of this.#waiting.splice(0)) done(null);
    const worker = this.#worker;
    this.#worker = null;
    this.#finish(null);
    await worker?.terminate();
  }

  #next(): void {
    if (this.#running !== null) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    this.#running = job;
    this.start();
    this.#worker!.postMessage(job.question, [job.question.body.buffer as ArrayBuffer]);
  }

  #open(): Worker {
    const module = new URL('./counting-thread.ts', import.meta.url).href;
    const worker = new Worker(new URL('../thread.js', import.meta.url), { workerData: { module }, name: 'count' });
    // The timer of whoever waits keeps the process, the thread does not.
    worker.unref();
    worker.on('message', ({ id, count }: CountAnswer) => {
      if (this.#running?.question.id === id) this.#finish(count);
    });
    const end = (): void => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      this.#finish(null);
    };
    worker.on('error', end);
    worker.on('exit', end);
    return worker;
  }

  #finish(count: TextCount | null): void {
    const job = this.#running;
    this.#running = null;
    job?.done(count);
    this.#next();
  }
}
