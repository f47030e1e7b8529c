/** Who hears of decisions as they are made. */
export interface FeedReader {
  /** @returns false where it can't take more: it is dropped. */
  readonly take: (line: string) => boolean;
  /** It was dropped, or the server goes down. */
  readonly end: () => void;
}

/** Readers at once. */
const MOST_READERS = 32;

/** Decisions as they are made, for those who watch: a reader that is slower than they come is dropped, and counted. */
export class DecisionFeed {
  readonly #readers = new Set<FeedReader>();
  readonly #most: number;
  #isClosed = false;
  /** Readers that were too slow. */
  dropped = 0;

  constructor(most: number = MOST_READERS) {
    this.#most = most;
  }

  get size(): number {
    return this.#readers.size;
  }

  /** @returns the way to leave; null where there are too many readers, or the server goes down. */
  join(reader: FeedReader): (() => void) | null {
    if (this.#isClosed || this.#readers.size >= this.#most) return null;
    this.#readers.add(reader);
    return () => void this.#readers.delete(reader);
  }

  tell(line: string): void {
    for (const reader of this.#readers) {
      if (reader.take(line)) continue;
      this.#readers.delete(reader);
      this.dropped++;
      reader.end();
    }
  }

  /** Ends them all; nobody joins after it. */
  close(): void {
    this.#isClosed = true;
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }
}
