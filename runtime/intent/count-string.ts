import { decodeInto, hasEscape } from './json-string.ts';
import type { Tally } from './tokens/tally.ts';

/** Bytes of JSON that are decoded at a time, so that a count that stops early has not decoded everything. */
const CHUNK = 32_768;
/** How far before the end of a chunk a place to cut is looked for. */
const SEARCH = 1024;

const SPACE = 0x20;

const IS_LETTER = new Uint8Array(256);
for (const byte of Buffer.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')) IS_LETTER[byte] = 1;

const scratch = new Uint8Array(CHUNK);

/** Adds the tokens of a JSON string whose content stands at `start` to `end`. Without escapes, the bytes are counted where they are. */
export function countString(buffer: Buffer, start: number, end: number, tally: Tally): void {
  if (!hasEscape(buffer, start, end)) {
    tally.addBytes(buffer, start, end);
    return;
  }
  for (let at = start; at < end && !tally.isDone; ) {
    const next = end - at <= CHUNK ? end : cutBetweenWords(buffer, at, at + CHUNK);
    // What cannot be cut is decoded whole.
    if (next === -1 && !tally.spend((end - at) >> 3)) return;
    const output = next === -1 ? new Uint8Array(end - at) : scratch;
    const stop = next === -1 ? end : next;
    tally.addBytes(output, 0, decodeInto(buffer, at, stop, output));
    at = stop;
  }
}

/**
 * A place shortly before `end` where no token spans: a space before an ASCII letter always begins a pre-token, in both encodings,
 * and is never part of an escape. -1 where there is none.
 */
function cutBetweenWords(buffer: Buffer, start: number, end: number): number {
  const stop = Math.max(start + 1, end - SEARCH);
  for (let at = end - 2; at >= stop; at--) if (buffer[at] === SPACE && IS_LETTER[buffer[at + 1]] === 1) return at;
  return -1;
}
