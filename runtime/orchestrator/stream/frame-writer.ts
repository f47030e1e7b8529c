import type { Store } from '../../store/store.ts';
import type { FrameLimits } from './frame-limits.ts';
import { type Entry, storeFrames, type Written } from './store-frames.ts';
import type { FrameTables } from './tables.ts';

/** Most of one transaction. */
const BATCH = { entries: 2_000, bytes: 8 * 1024 * 1024 };
/** Bytes that may wait to be written. */
const MOST_WAITING = 64 * 1024 * 1024;

interface Waiting {
  readonly entry: Entry;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Writes entries in the order in which they came: those that come while a transaction runs share the next one. */
export class FrameWriter {
  readonly #store: Store;
  readonly #limits: FrameLimits;
  readonly #onWritten: (written: readonly Written[]) => void;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(store: Store, limits: FrameLimits, onWritten: (written: readonly Written[]) => void) {
    this.#store = store;
    this.#limits = limits;
    this.#onWritten = onWritten;
  }

  /** Bytes that wait. */
  get waiting(): number {
    return this.#bytes;
  }

  /** Durable when it resolves. Rejects where the store fails, or too much waits for it: then what became of it is not known, or nothing. */
  write(entry: Entry): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the frame log is closed'));
    if (this.#bytes + entry.bytes > MOST_WAITING) return Promise.reject(new Error('too many frames wait for the store'));
    const written = new Promise<void>((resolve, reject) => this.#waiting.push({ entry, resolve, reject }));
    this.#bytes += entry.bytes;
    this.#running ??= this.#run();
    return written;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // What is appended in the same turn goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      try {
        const entries = batch.map(({ entry }) => entry);
        const written = await this.#store.write<FrameTables, Written[]>((transaction) =>
          storeFrames(transaction, entries, this.#limits, Date.now()),
        );
        // Who is told they failed writes them again.
        for (const { resolve } of batch) resolve();
        this.#onWritten(written);
      } catch (error) {
        for (const { reject } of batch) reject(error as Error);
      }
    }
    this.#running = null;
  }

  #take(): Waiting[] {
    let count = 0;
    let bytes = 0;
    while (
      count < this.#waiting.length &&
      count < BATCH.entries &&
      (count === 0 || bytes + this.#waiting[count].entry.bytes <= BATCH.bytes)
    ) {
      bytes += this.#waiting[count++].entry.bytes;
    }
    this.#bytes -= bytes;
    return this.#waiting.splice(0, count);
  }
}
