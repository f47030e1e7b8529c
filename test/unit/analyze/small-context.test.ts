import { expect, test } from 'vitest';
import { checkRule } from './check-rule.ts';

const targets = (context: number | null, capabilities: ('chat' | 'embeddings')[] = ['chat']) => ({
  backends: [{ name: 'home' }],
  targets: [{ backend: 'home', model: 'm', context, capabilities }],
});

test('warns of a context that the assumed output fills', () => {
  expect(checkRule('small-context', targets(4_096))).toMatchObject([
    { severity: 'warning', message: expect.stringContaining('`home/m` has a context of 4096 tokens') },
  ]);
});

test('is silent where something is left for the input, where nothing is bounded, and about embeddings', () => {
  expect(checkRule('small-context', targets(4_097))).toEqual([]);
  expect(checkRule('small-context', targets(null))).toEqual([]);
  expect(checkRule('small-context', targets(512, ['embeddings']))).toEqual([]);
});

test('is silent where a category assumes less', () => {
  expect(checkRule('small-context', { ...targets(2_048), categories: [{ name: 'FAST', maxOutputTokens: 1_024 }] })).toEqual([]);
});
