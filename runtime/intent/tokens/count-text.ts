import type { Encoding } from '../../../schema/vocabulary.ts';
import { Tally } from './tally.ts';

export interface TextCount {
  /** Where `exact`: the number of tokens if that is ≤ limit, else some number above limit. Otherwise an upper bound, or above limit. */
  readonly tokens: number;
  /** See `Tally.exact`. */
  readonly exact: boolean;
}

/** Tokens of one text. */
export function countText(encoding: Encoding, text: string, limit: number): TextCount {
  const tally = new Tally(encoding, limit);
  tally.addText(text);
  return { tokens: tally.tokens, exact: tally.exact };
}
