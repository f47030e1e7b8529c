import { describe, expect, test } from 'vitest';
import type { PolicySketch, Sketch } from '../../build/build-policy-set.ts';
import { checkRule, messagesOf } from './check-rule.ts';

const base: Sketch = {
  backends: [{ name: 'home' }, { name: 'cloud', type: 'openai' }],
  targets: [
    { backend: 'home', model: 'llama', tier: 2, quality: 600_000 },
    { backend: 'cloud', model: 'gpt-5', tier: 5, quality: 900_000, price: { input: 1, output: 10 } },
  ],
  virtual: { auto: ['*'] },
};
const one = (policy: PolicySketch, rest: Sketch = {}): Sketch => ({ ...base, ...rest, policies: [{ name: 'p', ...policy }] });

describe('warns', () => {
  test('of constraints that no target meets together, and names just those', () => {
    expect(
      checkRule(
        'unsatisfiable',
        one({ privacy: 'restricted', minTier: 5, maxCost: 100, match: { model: ['auto'] }, fallbackAllowed: false }),
      ),
    ).toEqual([
      expect.objectContaining({
        severity: 'warning',
        message: 'policy `p` rejects every request: `privacy: restricted` and `min_tier: 5` together exclude all 2 targets of `auto`',
        help: 'relax `privacy`, or add a target that meets them',
        related: [
          { message: '`home/llama` has tier 2', place: expect.anything() },
          { message: '`cloud/gpt-5` is in zone open', place: expect.anything() },
        ],
      }),
    ]);
  });
  test.each<[string, Sketch, string]>([
    [
      'privacy alone',
      one({ privacy: 'restricted', minTier: 3, match: { model: ['gpt-5'] } }),
      'policy `p` rejects every request: `privacy: restricted` excludes the only target of `gpt-5`',
    ],
    [
      'tier, which a caller may ask to relax',
      one({ minTier: 3, match: { model: ['llama'] } }),
      'policy `p` rejects every request from callers who do not ask for `X-Nexus-Flexible`: `min_tier: 3` excludes the only target of `llama`',
    ],
    [
      'cost of one token in and one out',
      one({ maxCost: 10, match: { model: ['gpt-5'] } }),
      'policy `p` rejects every request: `max_cost_per_request` excludes the only target of `gpt-5`',
    ],
    [
      "a category's cost",
      one({ match: { model: ['gpt-5'], category: ['C'] } }, { categories: [{ name: 'C', maxCost: 10 }] }),
      'policy `p` rejects every request: `max_cost_per_request` of `C` excludes the only target of `gpt-5`',
    ],
    [
      "a strict category's floor",
      one({ match: { model: ['llama'], category: ['C'] } }, { categories: [{ name: 'C', minQuality: 600_001, strict: true }] }),
      'policy `p` rejects every request: `min_quality` of `C` excludes the only target of `llama`',
    ],
    [
      'a relative floor',
      one({ privacy: 'restricted', match: { model: ['auto'] } }, { categories: [{ name: 'C', relativeQuality: 700_000, strict: true }] }),
      'policy `p` rejects every request: `privacy: restricted` and `min_quality` of `C` together exclude all 2 targets of `auto`',
    ],
  ])('of %s', (_, sketch, message) => {
    expect(messagesOf('unsatisfiable', sketch)).toEqual([message]);
  });
  test('with what each target lacks, and the remedy', () => {
    const targets = [
      { backend: 'cloud', model: 'm', price: { input: 1, output: 10 } },
      { backend: 'home', model: 'm', price: 'unknown' as const },
    ];
    expect(checkRule('unsatisfiable', one({ maxCost: 10 }, { targets, virtual: {} }))).toEqual([
      expect.objectContaining({
        help: 'raise `max_cost_per_request`, or add a target that meets it',
        related: [
          expect.objectContaining({ message: '`home/m` has no known price' }),
          expect.objectContaining({ message: '`cloud/m` costs more for a single token' }),
        ],
      }),
    ]);
  });
  test('of the fewest constraints that do it', () => {
    const price = { input: 9, output: 9 };
    const targets = [
      { backend: 'home', model: 'm', tier: 2, price },
      { backend: 'cloud', model: 'm', tier: 4 },
    ];
    const strict = { privacy: 'restricted', maxCost: 1, minTier: 5, fallbackAllowed: false } as const;
    expect(messagesOf('unsatisfiable', one(strict, { targets, virtual: {} }))).toEqual([
      'policy `p` rejects every request: `min_tier: 5` excludes all 2 targets of `m`',
    ]);
    const apart = [
      { ...targets[0], tier: 5 },
      { ...targets[1], tier: 5 },
      { backend: 'home', model: 'n' },
    ];
    expect(messagesOf('unsatisfiable', one({ ...strict, match: { model: ['auto'] } }, { targets: apart }))).toEqual([
      'policy `p` rejects every request: `privacy: restricted`, `max_cost_per_request` and `min_tier: 5` together exclude all 3 targets of `auto`',
    ]);
  });
  test('of fallbacks that do not help, or are not permitted', () => {
    const restricted = { privacy: 'restricted', match: { model: ['gpt-5'] } } as const;
    expect(messagesOf('unsatisfiable', one({ ...restricted, fallbackAllowed: false }, { fallbacks: { 'gpt-5': ['llama'] } }))).toHaveLength(
      1,
    );
    expect(messagesOf('unsatisfiable', one(restricted, { fallbacks: { 'gpt-5': ['llama'] } }))).toEqual([]);
  });
});

describe('is silent', () => {
  test.each<[string, Sketch]>([
    ['where one name of several has a target', one({ privacy: 'restricted' })],
    ['at the cost of one token in and one out', one({ maxCost: 11, match: { model: ['gpt-5'] } })],
    [
      'about the cost of embeddings, which have no output',
      one(
        { maxCost: 1, match: { model: ['gpt-5'] } },
        { targets: [{ backend: 'cloud', model: 'gpt-5', capabilities: ['embeddings'], price: { input: 1, output: 10 } }] },
      ),
    ],
    [
      "at a strict category's floor",
      one({ match: { model: ['llama'] } }, { categories: [{ name: 'C', minQuality: 600_000, strict: true }] }),
    ],
    ['about floors that are relaxed', one({ match: { model: ['llama'] } }, { categories: [{ name: 'C', minQuality: 600_001 }] })],
    [
      'where one category of several has a way',
      one({ match: { model: ['gpt-5'] } }, { categories: [{ name: 'C', maxCost: 10 }, { name: 'D' }] }),
    ],
    ['about a shadowed policy', { ...base, policies: [{ match: {} }, { privacy: 'restricted', match: { model: ['gpt-5'] } }] }],
    ['about what a missing capability explains', one({ match: { endpoint: ['embeddings'] } })],
    ['about virtual models without candidates', one({ minTier: 5, match: { model: ['empty'] } }, { virtual: { empty: [] } })],
  ])('%s', (_, sketch) => {
    expect(checkRule('unsatisfiable', sketch)).toEqual([]);
  });
});
