import type { Classifier } from '../../schema/policy-set.ts';
import { keyAt } from '../parse/spot-at.ts';
import type { Desk } from './desk.ts';
import { toLowerAscii } from './to-lower-ascii.ts';
import { micros } from './units.ts';

/** Without a section nothing scores: every weight is 0. */
export function resolveClassifier(desk: Desk): Classifier {
  const part = <T>(name: string): T | undefined => {
    const named = desk.sections.classifier.find((key) => key.name === name);
    return named === undefined || named.broken ? undefined : (named.entry as T);
  };
  const many = part<{ over: number; add: number }>('many_lines');
  const tokens = part<{ per: number; up_to: number }>('tokens');
  return {
    keywords: resolveKeywords(desk),
    codeBlock: micros(part<number>('code_block') ?? 0),
    manyLines: { over: many?.over ?? 20, add: micros(many?.add ?? 0) },
    tokens: { per: tokens?.per ?? 20_000, upTo: micros(tokens?.up_to ?? 0) },
    expectedOutputTokens: part<number>('expected_output_tokens') ?? 500,
  };
}

function resolveKeywords(desk: Desk): Classifier['keywords'] {
  const named = desk.sections.classifier.find((key) => key.name === 'keywords');
  if (named === undefined || named.broken || named.tree.kind !== 'map') return [];
  const words = new Map<string, { word: string; weight: number; written: string }>();
  for (const { name, key, value } of named.tree.entries.values()) {
    const word = toLowerAscii(name);
    const first = words.get(word);
    if (first !== undefined) {
      desk.report(
        'duplicate-name',
        key,
        `\`${name}\` and \`${first.written}\` are the same keyword: case does not count`,
        'keep one of the two',
        [{ message: `\`${first.written}\` is first written here`, place: keyAt(named.tree, first.written).place }],
      );
    } else if (value.kind === 'leaf') words.set(word, { word, weight: micros(Number(value.value)), written: name });
  }
  return [...words.values()].map(({ word, weight }) => ({ word, weight }));
}
