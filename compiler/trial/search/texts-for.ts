import type { PolicySet } from '../../../schema/policy-set.ts';

/**
 * Texts that tell whether something of the classifier counts: none, every word of a class with and without a code block, and for every
 * threshold of a score and every weight a text that reaches the threshold only by that weight.
 */
export function textsFor(set: PolicySet): string[] {
  const texts = new Set(['']);
  for (const { when } of set.classes) {
    for (const word of when.words ?? []) texts.add(word).add(`${word}\n\`\`\`\n\`\`\``);
    if (when.codeBlock !== null) texts.add('```\n```');
  }
  const { keywords, codeBlock, manyLines } = set.classifier;
  const lines = (count: number): string => '\n'.repeat(Math.max(0, count - 1));
  const parts = [
    ...keywords.map(({ word, weight }) => ({ text: ` ${word}`, weight })),
    { text: ' ```', weight: codeBlock },
    { text: lines(manyLines.over + 1), weight: manyLines.add },
  ].filter(({ weight }) => weight > 0);
  const bounds = set.categories.flatMap(({ when }) => (when.score === null ? [] : [when.score.value]));
  for (const bound of new Set(bounds)) {
    for (const own of parts) {
      const others = parts.filter((part) => part !== own).sort((a, b) => b.weight - a.weight);
      let sum = 0;
      let text = '';
      for (const other of others) {
        if (sum + other.weight >= bound) continue;
        sum += other.weight;
        text += other.text;
      }
      if (sum + own.weight >= bound) texts.add((text + own.text).trimStart()).add(text.trimStart());
      // Lines at the limit, and one more than are over it.
      if (own.weight === manyLines.add)
        for (const count of [manyLines.over, manyLines.over + 2]) texts.add(text.trimStart() + lines(count));
      // The smallest that reaches it: few words are easier to read than many.
      const near = others.filter(({ weight }) => weight < bound && weight + own.weight >= bound).at(-1);
      if (near) texts.add((near.text + own.text).trimStart());
    }
  }
  return [...texts];
}
