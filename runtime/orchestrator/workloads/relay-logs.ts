import { StringDecoder } from 'node:string_decoder';

/** Bytes of a frame at most: as JSON each may become six, and a frame holds 64 KiB. */
const MOST = 10 << 10;
/** How long output may wait for more to share its frame, ms. */
const PATIENCE = 40;

/** A piece of a run's output as its stream has it. `from`: its first byte; what comes twice after a crash is known by it. */
export interface LogPiece {
  readonly from: number;
  readonly bytes: number;
  readonly text: string;
}

/**
 * Output on its way into a stream: gathered into frames, characters whole, never more than a frame in memory: who writes waits until there
 * is room for more.
 */
export class LogRelay {
  readonly #write: (piece: LogPiece) => Promise<void>;
  readonly #decoder = new StringDecoder('utf8');
  #parts: Buffer[] = [];
  #size = 0;
  #from: number;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(from: number, write: (piece: LogPiece) => Promise<void>) {
    this.#from = from;
    this.#write = write;
  }

  async hear(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + MOST - this.#size);
      this.#parts.push(part);
      this.#size += part.length;
      at += part.length;
      if (this.#size >= MOST) await this.flush();
    }
    if (this.#size > 0) this.#timer ??= setTimeout(() => void this.flush().catch(() => {}), PATIENCE);
  }

  /** Writes what is there; rejects where it cannot be written. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#size === 0) return this.#writing;
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    const from = this.#from;
    this.#from += bytes.length;
    const text = this.#decoder.write(bytes);
    this.#writing = this.#writing.then(() => this.#write({ from, bytes: bytes.length, text }));
    // Whoever flushes next hears of it; nobody may be left who does not.
    this.#writing.catch(() => {});
    return this.#writing;
  }

  /** No more comes. */
  async end(): Promise<void> {
    await this.flush();
    const text = this.#decoder.end();
    if (text !== '') await this.#write({ from: this.#from, bytes: 0, text });
  }
}
