import { type FSWatcher, watch } from 'node:fs';

/** Tells when something in a folder may have changed: at once where the system says so, and every `every` ms in any case. */
export class FolderWatch {
  readonly #watcher: FSWatcher | null;
  readonly #every: number;
  #changed = false;
  #wake: (() => void) | null = null;

  constructor(folder: string, every: number) {
    this.#every = every;
    this.#watcher = open(folder, () => {
      this.#changed = true;
      this.#wake?.();
    });
  }

  /** Resolves after the next change, or one since it last resolved; or when `signal` says so. */
  async next(signal: AbortSignal): Promise<void> {
    if (!this.#changed && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, this.#every);
        const off = (): void => signal.removeEventListener('abort', done);
        function done(): void {
          clearTimeout(timer);
          off();
          resolve();
        }
        signal.addEventListener('abort', done, { once: true });
        this.#wake = done;
      });
      this.#wake = null;
    }
    this.#changed = false;
  }

  close(): void {
    this.#watcher?.close();
  }
}

/** Without a place among the system's watches there is still the clock. */
function open(folder: string, hear: () => void): FSWatcher | null {
  try {
    return watch(folder, { persistent: false }, hear).on('error', () => {});
  } catch {
    return null;
  }
}
