import { countText } from '../../../intent/tokens/count-text.ts';
import { readBlocks } from './read-blocks.ts';

/** Tokens that a chunk grows to where its parts allow it, and most that it has. */
export const TARGET = 320;
export const MOST = 512;

/** Tokens of a part that is added although the chunk is large enough: it would say little alone. */
const SMALL = 8;

/** Counts that stand for all models: what a model of embeddings makes of a text differs by little. */
const ENCODING = 'o200k_base';

/** Code units beyond which a text has more than `MOST` tokens for certain: the longest token has 128. */
const LONGEST = MOST * 128;

/** A piece of a text, `start` to `end` in UTF-16 code units. */
export interface Chunk {
  readonly start: number;
  readonly end: number;
  readonly heading: string | null;
  readonly tokens: number;
}

/**
 * A text in pieces of at most `MOST` tokens, along its structure: a heading begins a new one, paragraphs and fenced code stay whole where
 * they fit. Every character that is no blank stands in exactly one of them, in order.
 */
export function chunkText(text: string): Chunk[] {
  const chunks: Chunk[] = [];
  let open: { start: number; end: number; heading: string | null; isHeading: boolean } | null = null;
  /** Of what is open, by its parts: counting the whole anew with each part would take their number times as long. */
  let sum = 0;
  const close = (): void => {
    if (open === null) return;
    const { start, end, heading } = open;
    // The whole may take more tokens than its parts.
    for (const part of cutBlock(text, start, end)) chunks.push({ ...part, heading, tokens: count(text, part.start, part.end) });
    open = null;
  };
  for (const { start: first, end: last, heading, isHeading } of readBlocks(text)) {
    for (const { start, end } of cutBlock(text, first, last)) {
      const own = count(text, start, end);
      // A heading stands with what follows it.
      const begins = open !== null && isHeading && !open.isHeading;
      const joined: number = open === null ? own : sum + own + (start - open.end);
      if (open !== null && (begins || joined > MOST || (sum >= TARGET && own > SMALL))) close();
      if (open === null) {
        open = { start, end, heading, isHeading };
        sum = own;
      } else {
        open.end = end;
        open.heading = heading;
        open.isHeading &&= isHeading;
        sum = joined;
      }
    }
  }
  close();
  return chunks;
}

/** Exact up to `MOST`, else any number above it: the rest of a long text is not looked at. */
function count(text: string, start: number, end: number): number {
  if (end - start > LONGEST) return MOST + 1;
  return countText(ENCODING, text.slice(start, end), MOST).tokens;
}

/** A block in parts of at most `MOST` tokens: by its lines, these by sentences, these by words, and what has none of them anywhere between two characters. */
function* cutBlock(text: string, start: number, end: number): Generator<{ start: number; end: number }> {
  for (let at = start; at < end; ) {
    if (count(text, at, end) <= MOST) {
      yield { start: at, end };
      return;
    }
    const stop = findEnd(text, at, end);
    yield { start: at, end: trimEnd(text, at, stop) };
    at = stop;
    while (at < end && /\s/.test(text[at])) at++;
  }
}

/** Where the longest part that begins at `at` ends, after a place to cut that is as good as there is one in its second half. */
function findEnd(text: string, at: number, end: number): number {
  // Sixteen code units a token: text that anybody wrote has fewer, and a run of blanks may as well be cut.
  let low = at + 1;
  let high = Math.min(end, at + MOST * 16);
  if (count(text, at, high) <= MOST) low = high;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (count(text, at, middle) <= MOST) low = middle;
    else high = middle - 1;
  }
  const half = at + ((low - at) >> 1);
  const window = text.slice(half, low);
  for (const place of [/\n[^\n]*$/, /(?<=[.!?。！？])\s[^.!?。！？]*$/, /\s\S*$/]) {
    const found = window.search(place);
    if (found > 0) return half + found;
  }
  // Not within a pair of surrogates.
  const isPair = low > at + 1 && /[\uD800-\uDBFF]/.test(text[low - 1]) && /[\uDC00-\uDFFF]/.test(text[low] ?? '');
  return isPair ? low - 1 : low;
}

function trimEnd(text: string, start: number, end: number): number {
  let stop = end;
  while (stop > start && /\s/.test(text[stop - 1])) stop--;
  return Math.max(stop, start + 1);
}
