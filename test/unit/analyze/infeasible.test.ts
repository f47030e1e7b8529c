import { describe, expect, test } from 'vitest';
import type { Sketch } from '../../build/policy-set.ts';
import { checkRule, messagesOf } from './check-rule.ts';

/** FAST's reference request is 1,000 tokens in, 500 out: 2,500 pico-dollars a micro of price. */
const sketch = (category: NonNullable<Sketch['categories']>[number], more: Partial<Sketch> = {}): Sketch => ({
  backends: [{ name: 'home' }, { name: 'cloud', type: 'openai' }],
  targets: [
    { backend: 'home', model: 'small', quality: 600_000 },
    { backend: 'cloud', model: 'big', quality: 900_000, price: { input: 1_000_000, output: 10_000_000 } },
  ],
  categories: [category],
  ...more,
});

describe('names what binds, and what would do', () => {
  test('the floor', () => {
    expect(checkRule('infeasible', sketch({ name: 'F', minQuality: 950_000 }))).toMatchObject([
      {
        severity: 'warning',
        message: 'no target meets `min_quality: 0.95` of category `F`: its floor is relaxed for such requests, with a warning',
        help: 'lower `min_quality` to 0.9 (`cloud/big`), or add a better target',
      },
    ]);
    expect(messagesOf('infeasible', sketch({ name: 'F', minQuality: 950_000, strict: true }))[0]).toContain('such requests are rejected');
  });

  test('the cap, where the floor leaves targets that are too dear', () => {
    expect(checkRule('infeasible', sketch({ name: 'F', minQuality: 700_000, maxCost: 5e9 }))).toMatchObject([
      {
        message:
          'no target with `min_quality: 0.7` fits `max_cost_per_request: 0.005` of category `F` for its reference request (1000 tokens in, 500 out): its floor is relaxed for such requests, with a warning',
        help: 'raise `max_cost_per_request` to 0.006 (`cloud/big`), or lower `min_quality` to 0.6',
        related: [{ message: '`cloud/big` would cost $0.006' }],
      },
    ]);
  });

  test('the cap alone, by a price that is not known', () => {
    const targets = [{ backend: 'cloud', model: 'big', price: 'unknown' as const }];
    expect(checkRule('infeasible', sketch({ name: 'F', maxCost: 5e9 }, { targets }))).toMatchObject([
      {
        message: expect.stringContaining('such requests are rejected'),
        help: 'say the `price` of `cloud/big`, or add a target whose price is known',
        related: [{ message: '`cloud/big` has no known price' }],
      },
    ]);
  });

  test('the tier that the reference request falls into', () => {
    const price = { input: 1, output: 1, tiers: [{ above: 999, input: 10_000_000, output: 10_000_000, cachedInput: null }] };
    const long = sketch({ name: 'F', maxCost: 1e9 }, { targets: [{ backend: 'cloud', model: 'big', price }] });
    expect(messagesOf('infeasible', long)).toHaveLength(1);
    expect(
      messagesOf('infeasible', { ...long, categories: [{ name: 'F', maxCost: 1e9, reference: { input: 999, output: 500 } }] }),
    ).toEqual([]);
  });

  test('a class whose candidates meet the bounds of no category', () => {
    const classes = [{ name: 'easy', candidates: ['small'] }];
    expect(checkRule('infeasible', sketch({ name: 'F', minQuality: 700_000 }, { classes }))).toMatchObject([
      { message: 'no candidate of class `easy` meets `min_quality` and `max_cost_per_request` of any category (`F`)' },
    ]);
    // Requests that no category is for have no bounds.
    const when = { inputTokens: { op: '<' as const, value: 100 } };
    expect(messagesOf('infeasible', sketch({ name: 'F', minQuality: 700_000, when }, { classes }))).toEqual([]);
  });
});

test.each<[string, Sketch]>([
  ['a floor that one target meets', sketch({ name: 'F', minQuality: 900_000 })],
  ['a relative floor: the best one meets it', sketch({ name: 'F', relativeQuality: 1_000_000 })],
  ['a cap at the very cost', sketch({ name: 'F', minQuality: 900_000, maxCost: 6e9 })],
  ['a cap that the free one fits', sketch({ name: 'F', maxCost: 0 })],
  ['no bounds', sketch({ name: 'F' })],
  [
    'nothing that chats',
    sketch({ name: 'F', minQuality: 950_000 }, { targets: [{ backend: 'home', model: 'e', capabilities: ['embeddings'] }] }),
  ],
])('is silent: %s', (_, policy) => {
  expect(messagesOf('infeasible', policy)).toEqual([]);
});
