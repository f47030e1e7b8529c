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

/**
 * Work of a byte that is merged, in bytes that are looked up (13 ns): in a pre-token of 6 bytes 170 ns were measured, of 47 and more 200
 * to 500, up to 870 on a busy machine.
 */
const mergeWork = (length: number): number => length * Math.min(48, 8 + length);
/** Bytes behind a pre-token that decide where it ends: a contraction is three long. */
const LOOKAHEAD = 4;

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
  /** True once the work allowed was spent before the end: `tokens` is a lower bound then, and counting stops. */
  isSpent = false;
  readonly limit: number;
  readonly #split: Split;
  readonly #vocabulary: Vocabulary;
  #longBytes = 0;
  #work: number;

  /** `work`: how much may be done, in bytes that are looked up; see `mergeWork`. */
  constructor(encoding: Encoding, limit: number, work = Number.POSITIVE_INFINITY) {
    const { split, vocabulary } = loadEncoding(encoding);
    this.limit = limit;
    this.#work = work;
    this.#split = split;
    this.#vocabulary = vocabulary;
  }

  get isOver(): boolean {
    return this.tokens > this.limit;
  }

  /** Over the limit, or out of work: nothing more is counted. */
  get isDone(): boolean {
    return this.isSpent || this.tokens > this.limit;
  }

  /** Work that is left. */
  get work(): number {
    return this.#work;
  }

  /** Takes work that is done elsewhere; false, and spent, where there is not enough left. */
  spend(work: number): boolean {
    if (work > this.#work) this.isSpent = true;
    else this.#work -= work;
    return !this.isSpent;
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
    let work = this.#work;
    for (let at = start; at < end && tokens <= limit; ) {
      // A run as long as the text is looked at no further than the work goes.
      const stop = end - at > work ? at + work : end;
      const next = split(bytes, at, stop);
      if (stop < end && next + LOOKAHEAD > stop) {
        this.isSpent = true;
        break;
      }
      const length = next - at;
      work -= length;
      if (length === 1 || vocabulary.rankOf(bytes, at, next) !== NO_RANK) tokens++;
      else if (!this.#mayMerge(length)) tokens += length;
      else {
        work -= mergeWork(length);
        if (work < 0) {
          this.isSpent = true;
          break;
        }
        tokens += countMerged(vocabulary, bytes, at, next);
      }
      at = next;
    }
    this.#work = work;
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
