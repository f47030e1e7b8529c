import type { Encoding } from '../../../schema/vocabulary.ts';
import { loadEncoding } from './encoding.ts';
import { countMerged, MAX_MERGE } from './merge.ts';
import { NO_RANK } from './vocabulary.ts';

/**
 * Bytes of long pre-tokens (over `LONG`) that one count merges exactly. Prose, code and data stay far below it; what goes
 * beyond is made to cost time: merging is 20 times as dear as looking words up.
 */
export const MAX_LONG_BYTES = 65_536;
const LONG = 256;

export interface TextCount {
  /** Where `exact`: the number of tokens, if that is ≤ limit, else some number above limit. Otherwise an upper bound, or above limit. */
  readonly tokens: number;
  /**
   * False where the byte bound (no more tokens than bytes) stood in for pre-tokens of more than `MAX_MERGE` bytes, or for long
   * ones after `MAX_LONG_BYTES`: runs without a break, such as a million times the same letter.
   */
  readonly exact: boolean;
}

const encoder = new TextEncoder();
const scratch = new Uint8Array(49_152);

/**
 * Tokens of a text, as js-tiktoken's `encode(text, [], [])` would make them: special tokens count as the text they are
 * written with, lone surrogates as U+FFFD. Stops early above `limit`.
 */
export function countText(encoding: Encoding, text: string, limit: number): TextCount {
  if (text.length * 3 > scratch.length) {
    const bytes = Buffer.from(text);
    return countBytes(encoding, bytes, 0, bytes.length, limit);
  }
  return countBytes(encoding, scratch, 0, encoder.encodeInto(text, scratch).written, limit);
}

/** The same for the text whose UTF-8, which must be valid, stands at `start` to `end`. */
export function countBytes(encoding: Encoding, bytes: Uint8Array, start: number, end: number, limit: number): TextCount {
  const { split, vocabulary } = loadEncoding(encoding);
  let tokens = 0;
  let exact = true;
  let longBytes = 0;
  for (let at = start; at < end && tokens <= limit; ) {
    const next = split(bytes, at, end);
    const length = next - at;
    if (length === 1 || vocabulary.rankOf(bytes, at, next) !== NO_RANK) tokens++;
    else if (length > MAX_MERGE || (length > LONG && (longBytes += length) > MAX_LONG_BYTES)) {
      tokens += length;
      exact = false;
    } else tokens += countMerged(vocabulary, bytes, at, next);
    at = next;
  }
  return { tokens, exact };
}
