import { expect, test } from 'vitest';
import type { Sketch, TargetSketch } from '../../build/build-policy-set.ts';
import { checkRule, messagesOf } from './check-rule.ts';

const good: Partial<TargetSketch> = { quality: 600_000, tier: 2, context: 8_192, price: { input: 2, output: 2 } };

function pair(
  worse: Partial<TargetSketch>,
  backends: Sketch['backends'] = [{ name: 'a' }, { name: 'b' }],
  better: Partial<TargetSketch> = {},
): Sketch {
  return {
    backends,
    targets: [
      { backend: 'a', model: 'm', ...good, ...worse },
      { backend: 'b', model: 'm', ...good, ...better },
    ],
  };
}

test('warns of a target that another one outdoes, with the place of both', () => {
  expect(checkRule('dominated', pair({ quality: 500_000 }))).toEqual([
    expect.objectContaining({
      severity: 'warning',
      message: '`a/m` is only a last resort: `b/m` is as good or better in every respect',
      related: [{ message: '`b/m` goes first', place: expect.anything() }],
    }),
  ]);
});

test.each<[string, Sketch]>([
  ['dearer input', pair({ price: { input: 3, output: 2 } })],
  ['dearer output', pair({ price: { input: 2, output: 3 } })],
  ['worse in all', pair({ quality: 1, tier: 1, context: 1, capabilities: ['chat'], price: 'unknown' })],
  ['a context where the other has no bound', pair({ quality: 1 }, undefined, { context: null })],
  ['open against restricted', pair({ quality: 1 }, [{ name: 'a', type: 'openai' }, { name: 'b' }])],
])('warns: %s', (_, sketch) => {
  expect(messagesOf('dominated', sketch)).toHaveLength(1);
});

test.each<[string, Sketch]>([
  ['equals', pair({})],
  ['better quality', pair({ quality: 600_001, price: 'unknown' })],
  ['cheaper input', pair({ quality: 1, price: { input: 1, output: 9 } })],
  ['cheaper output', pair({ quality: 1, price: { input: 9, output: 1 } })],
  ['a higher tier', pair({ quality: 1, tier: 3 })],
  ['a wider context', pair({ quality: 1, context: 8_193 })],
  ['no bound on context', pair({ quality: 1, context: null })],
  ['a capability more', pair({ quality: 1, capabilities: ['chat', 'vision', 'tools', 'json', 'reasoning'] })],
  ['another priority', pair({ quality: 1 }, [{ name: 'a', priority: 49 }, { name: 'b' }])],
  ['restricted against open', pair({ quality: 1 }, [{ name: 'a' }, { name: 'b', type: 'vllm', zone: 'open' }])],
  ['local against cloud', pair({ quality: 1 }, [{ name: 'a' }, { name: 'b', type: 'openai', zone: 'restricted' }])],
  [
    'another model',
    {
      targets: [
        { backend: 'local', model: 'm', quality: 1 },
        { backend: 'local', model: 'n' },
      ],
      virtual: { auto: ['*'] },
    },
  ],
])('is silent: %s', (_, sketch) => {
  expect(checkRule('dominated', sketch)).toEqual([]);
});
