import { decodeInto, hasEscape } from './json-string.ts';
import type { Tally } from './tokens/tally.ts';

/** Bytes of JSON that are decoded at a time, so that a count that stops early has not decoded everything. */
const CHUNK = 32_768;
/** How far before the end of a chunk a place to cut is looked for. */
const SEARCH = 1024;

const SPACE = 0x20;
const BACKSLASH = 0x5c;

const IS_LETTER = new Uint8Array(256);
for (const byte of Buffer.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')) IS_LETTER[byte] = 1;

const scratch = new Uint8Array(CHUNK);

/** Adds the tokens of a JSON string whose content stands at `start` to `end`. Without escapes, the bytes are counted where they are. */
export function countString(buffer: Buffer, start: number, end: number, tally: Tally): void {
  if (!hasEscape(buffer, start, end)) {
    tally.addBytes(buffer, start, end);
    return;
  }
  for (let at = start; at < end && !tally.isOver; ) {
    const next = end - at <= CHUNK ? end : cutBetweenWords(buffer, at, at + CHUNK);
    const output = next === -1 ? new Uint8Array(end - at) : scratch;
    const stop = next === -1 ? end : next;
    tally.addBytes(output, 0, decodeInto(buffer, at, stop, output));
    at = stop;
  }
}

/**
 * A place shortly before `end` where no token spans: a space between two ASCII letters always begins a pre-token of its own, in
 * both encodings. -1 where there is none, or where a letter may belong to an escape.
 */
function cutBetweenWords(buffer: Buffer, start: number, end: number): number {
  const stop = Math.max(start + 7, end - SEARCH);
  for (let at = end - 2; at >= stop; at--) {
    if (buffer[at] === SPACE && IS_LETTER[buffer[at - 1]] === 1 && IS_LETTER[buffer[at + 1]] === 1 && isFarFromEscape(buffer, at))
      return at;
  }
  return -1;
}

function isFarFromEscape(buffer: Buffer, at: number): boolean {
  for (let i = at - 6; i < at; i++) if (buffer[i] === BACKSLASH) return false;
  return true;
}
