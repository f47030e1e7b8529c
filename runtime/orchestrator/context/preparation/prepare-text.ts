import { chunkText } from './chunk-text.ts';
import { readTerms } from './read-terms.ts';

/** Changes whenever the same text is prepared in another way, so that what was ingested before is made anew. */
export const PREPARATION = 1;

/** A chunk as it is stored. */
export interface PreparedChunk {
  readonly text: string;
  readonly heading: string | null;
  readonly tokens: number;
  /** Terms of heading and text, and how often each occurs. */
  readonly terms: readonly (readonly [string, number])[];
  /** The sum of how often. */
  readonly length: number;
}

export function prepareText(text: string): PreparedChunk[] {
  return chunkText(text).map(({ start, end, heading, tokens }) => {
    const own = text.slice(start, end);
    const terms = [...readTerms(heading === null ? own : `${heading}\n${own}`)];
    return { text: own.toWellFormed(), heading, tokens, terms, length: terms.reduce((sum, [, times]) => sum + times, 0) };
  });
}
