import { createRequire } from 'node:module';
import type { Encoding } from '../../../schema/vocabulary.ts';
import { splitCl100k, splitO200k, type Split } from './split.ts';
import { type RankData, Vocabulary } from './vocabulary.ts';

interface LoadedEncoding {
  readonly split: Split;
  readonly vocabulary: Vocabulary;
}

const SPLITS: Record<Encoding, Split> = { o200k_base: splitO200k, cl100k_base: splitCl100k };

const loaded: Partial<Record<Encoding, LoadedEncoding>> = {};
// Synchronous, so that a count is; an import could only be awaited.
const require = createRequire(import.meta.url);

/** Loads an encoding at its first use (85 ms and 12 MB for o200k_base); call it before serving to keep that out of the first request. */
export function loadEncoding(encoding: Encoding): LoadedEncoding {
  const known = loaded[encoding];
  if (known !== undefined) return known;
  const ranks: RankData = require(`js-tiktoken/ranks/${encoding}`);
  const made = { split: SPLITS[encoding], vocabulary: new Vocabulary(ranks) };
  loaded[encoding] = made;
  return made;
}
