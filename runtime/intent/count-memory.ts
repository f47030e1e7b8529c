import { hash } from 'node:crypto';
import type { Encoding } from '../../schema/vocabulary.ts';
import type { TextCount } from './tokens/count-text.ts';

/** What an entry takes: key, value and the map's own share, measured at 176 bytes and rounded up. */
const ENTRY_BYTES = 256;

/**
 * Counts of messages seen before, by content: the turns of a chat repeat their prefix. The oldest unused counts go first.
 * A count depends on its message alone, so one memory serves the whole process and every policy. SHA-256 names a message: callers
 * choose the bytes, and two messages must never share a count.
 */
export class CountMemory {
  readonly #counts = new Map<string, TextCount>();
  readonly #most: number;

  /** Memory in bytes; 4 MiB hold 16,384 messages. */
  constructor(maxBytes = 4 * 1024 * 1024) {
    this.#most = Math.floor(maxBytes / ENTRY_BYTES);
  }

  get size(): number {
    return this.#counts.size;
  }

  key(encoding: Encoding, message: Uint8Array): string {
    return `${encoding}:${hash('sha256', message, 'base64')}`;
  }

  recall(key: string): TextCount | undefined {
    const count = this.#counts.get(key);
    if (count === undefined) return undefined;
    this.#counts.delete(key);
    this.#counts.set(key, count);
    return count;
  }

  remember(key: string, count: TextCount): void {
    this.#counts.set(key, count);
    if (this.#counts.size <= this.#most) return;
    const [oldest] = this.#counts.keys();
    this.#counts.delete(oldest);
  }
}
