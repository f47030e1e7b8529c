import type { Classifier } from '../../../schema/policy-set.ts';
import { changeAt, type Mutate } from './mutant.ts';

/** Every weight dropped, every other number shifted. */
export const mutateClassifier: Mutate = (set, locate) => {
  const { keywords, codeBlock, manyLines, tokens, expectedOutputTokens } = set.classifier;
  const changed = (words: string, path: readonly string[], change: Partial<Classifier>) => ({
    what: `classifier: ${words}`,
    // Its entries are keys of the section itself.
    place: locate('classifier', path[0], ...path.slice(1)),
    set: { ...set, classifier: { ...set.classifier, ...change } },
  });
  const mutants = keywords.map(({ word }, row) =>
    changed(`keyword \`${word}\` dropped`, ['keywords', word], { keywords: changeAt(keywords, row, { weight: 0 }) }),
  );
  if (codeBlock > 0) mutants.push(changed('code_block dropped', ['code_block'], { codeBlock: 0 }));
  if (manyLines.add > 0) {
    mutants.push(changed('many_lines dropped', ['many_lines'], { manyLines: { ...manyLines, add: 0 } }));
    for (const over of [manyLines.over - 1, manyLines.over + 1]) {
      if (over >= 0)
        mutants.push(
          changed(`many_lines.over ${manyLines.over} as ${over}`, ['many_lines', 'over'], { manyLines: { ...manyLines, over } }),
        );
    }
  }
  if (tokens.upTo > 0) {
    mutants.push(changed('tokens dropped', ['tokens'], { tokens: { ...tokens, upTo: 0 } }));
    mutants.push(changed('tokens.per doubled', ['tokens', 'per'], { tokens: { ...tokens, per: tokens.per * 2 } }));
    mutants.push(changed('tokens.per halved', ['tokens', 'per'], { tokens: { ...tokens, per: Math.ceil(tokens.per / 2) } }));
  }
  for (const [words, value] of [
    ['doubled', expectedOutputTokens * 2],
    ['halved', Math.max(1, Math.floor(expectedOutputTokens / 2))],
  ] as const) {
    mutants.push(changed(`expected_output_tokens ${words}`, ['expected_output_tokens'], { expectedOutputTokens: value }));
  }
  return mutants;
};
