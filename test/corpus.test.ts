import { describe, expect, test } from 'vitest';
import { understand } from '../compiler/understand.ts';
import { readCorpus } from './build/read-corpus.ts';

/**
 * `corpus/wrong/`: a policy with one mistake a file, and in its head what must be found: the rule, the line, the column, and nothing else.
 * `corpus/right/`: policies as people write them, of which nothing is to be said.
 */
const corpus = readCorpus();
const findIn = (text: string): string[] =>
  understand([{ file: 'policy.yaml', text }]).diagnostics.map(({ rule, place: { line, column } }) => `${rule} ${line}:${column}`);

test('there are at least 40 of each, no two alike', () => {
  for (const kind of ['wrong', 'right'] as const) {
    const texts = corpus.filter((file) => file.kind === kind).map(({ text }) => text.replace(/^#.*\n/gm, ''));
    expect(texts.length).toBeGreaterThanOrEqual(40);
    expect(new Set(texts).size).toBe(texts.length);
  }
});

describe.each(['wrong', 'right'] as const)('%s', (kind) => {
  test.each(corpus.filter((file) => file.kind === kind))('$name', ({ text, expected }) => {
    expect(findIn(text)).toEqual(expected);
  });
});

test('every wrong one has a remedy', () => {
  for (const { kind, text } of corpus)
    if (kind === 'wrong') expect(understand([{ file: 'policy.yaml', text }]).diagnostics[0].help).not.toBe('');
});
