import type { Encoding } from '../../../schema/vocabulary.ts';
import { loadEncoding } from './encoding.ts';
import { countMerged, MAX_MERGE } from './merge.ts';
import type { Split } from './split.ts';
import { NO_RANK, type Vocabulary } from './vocabulary.ts';

/**
 * Bytes of long pre-tokens (over `LONG`) that one tally merges exactly. Prose, code and data stay far below it; what goes beyond
 * is made to cost time: merging is 10 to 20 times as dear as looking words up.
 */
export const MAX_LONG_BYTES = 65_536;
const LONG = 256;

const encoder = new TextEncoder();
const scratch = new Uint8Array(49_152);

/**
 * Adds up the tokens of texts in one encoding, as js-tiktoken's `encode(text, [], [])` makes them: special tokens count as the
 * text they are written with, lone surrogates as U+FFFD. Stops early once `tokens` is above the limit.
 */
export class Tally {
  /** The number of tokens; once it is above the limit, no more than a lower bound of it (where `exact`). */
  tokens = 0;
  /**
   * False once the byte bound (no more tokens than bytes) stood in for a pre-token of more than `MAX_MERGE` bytes, or for a long
   * one after `MAX_LONG_BYTES`: runs without a break, such as a million times the same letter. `tokens` is an upper bound then.
   */
  exact = true;
  readonly limit: number;
  readonly #split: Split;
  readonly #vocabulary: Vocabulary;
  #longBytes = 0;

  constructor(encoding: Encoding, limit: number) {
    const { split, vocabulary } = loadEncoding(encoding);
    this.limit = limit;
    this.#split = split;
    this.#vocabulary = vocabulary;
  }

  get isOver(): boolean {
    return this.tokens > this.limit;
  }

  addText(text: string): void {
    if (text.length * 3 <= scratch.length) this.addBytes(scratch, 0, encoder.encodeInto(text, scratch).written);
    else {
      const bytes = Buffer.from(text);
      this.addBytes(bytes, 0, bytes.length);
    }
  }

  /** Adds the text whose UTF-8, which must be valid, stands at `start` to `end`. */
  addBytes(bytes: Uint8Array, start: number, end: number): void {
    const split = this.#split;
    const vocabulary = this.#vocabulary;
    const limit = this.limit;
    let tokens = this.tokens;
    for (let at = start; at < end && tokens <= limit; ) {
      const next = split(bytes, at, end);
      const length = next - at;
      if (length === 1 || vocabulary.rankOf(bytes, at, next) !== NO_RANK) tokens++;
      else if (this.#mayMerge(length)) tokens += countMerged(vocabulary, bytes, at, next);
      else tokens += length;
      at = next;
    }
    this.tokens = tokens;
  }

  /** Adds what was counted elsewhere. */
  addCount(tokens: number, exact: boolean): void {
    this.tokens += tokens;
    this.exact &&= exact;
  }

  #mayMerge(length: number): boolean {
    if (length <= LONG) return true;
    this.#longBytes += length;
    if (length <= MAX_MERGE && this.#longBytes <= MAX_LONG_BYTES) return true;
    this.exact = false;
    return false;
  }
}
