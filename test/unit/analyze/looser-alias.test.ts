import { describe, expect, test } from 'vitest';
import type { PolicySketch, Sketch } from '../../build/build-policy-set.ts';
import { checkRule, messagesOf } from './check-rule.ts';

const base: Sketch = {
  targets: [
    { backend: 'local', model: 'm' },
    { backend: 'local', model: 'n' },
  ],
  aliases: { old: 'm' },
  callers: [
    { name: 'a', team: 'a' },
    { name: 'b', team: 'b' },
  ],
};
const policies = (...given: PolicySketch[]): Sketch => ({
  ...base,
  policies: given.map((policy, row) => ({ name: `p${row}`, ...policy })),
});
const strict = { privacy: 'restricted' } as const;

describe('warns', () => {
  test('of a looser policy on an alias, with all places', () => {
    expect(checkRule('looser-alias', policies({ match: { model: ['old'] } }, { ...strict, match: { model: ['m'] } }))).toEqual([
      expect.objectContaining({
        severity: 'warning',
        message: 'policy `p1` holds for `m`, but `old` reaches the same model under policy `p0`, which is looser in `privacy`',
        help: 'let `p1` match `old` too, above `p0`, or remove the other name',
        related: [
          { message: '`old` is defined here', place: expect.anything() },
          { message: '`p0` is looser', place: expect.anything() },
        ],
      }),
    ]);
  });
  test('of a policy on an alias alone', () => {
    expect(messagesOf('looser-alias', policies({ ...strict, match: { model: ['old'] } }))).toEqual([
      'policy `p0` holds for `old`, but `m` reaches the same model under no policy, which is looser in `privacy`',
    ]);
  });
  test.each<[string, PolicySketch, PolicySketch]>([
    ['min_tier', { minTier: 2 }, { minTier: 3 }],
    ['max_cost_per_request', { maxCost: 6 }, { maxCost: 5 }],
    ['max_cost_per_request', {}, { maxCost: 5 }],
  ])('of a looser %s', (respect, loose, tight) => {
    const given = policies({ ...loose, match: { model: ['old'] } }, { ...tight, match: { model: ['m'] } });
    expect(messagesOf('looser-alias', given)).toEqual([expect.stringContaining(`is looser in \`${respect}\``)]);
  });
  test('once, and names the first of several loose names', () => {
    const given = {
      ...policies({ match: { model: ['old', 'older'] } }, { ...strict, match: { model: ['m'] } }),
      aliases: { old: 'm', older: 'm' },
    };
    expect(messagesOf('looser-alias', given)).toEqual([expect.stringContaining('but `old` reaches')]);
  });
  test('of an escape that only some callers have', () => {
    expect(
      messagesOf('looser-alias', policies({ match: { model: ['old'], team: ['b'] } }, { ...strict, match: { model: ['m'] } })),
    ).toHaveLength(1);
  });
});

describe('is silent', () => {
  test.each<[string, Sketch]>([
    ['where the alias comes under the same policy', policies({ ...strict, match: { model: ['m'] } })],
    ['about a stricter alias below', policies({ match: { model: ['m'], team: ['a'] } }, { match: { model: ['n'] } })],
    ['about another model', policies({ match: { model: ['n'] } }, { ...strict, match: { model: ['m'] } })],
    ['about different callers', policies({ match: { team: ['b'] } }, { ...strict, match: { model: ['m'] } })],
    ['about equally strict policies', policies({ ...strict, match: { model: ['old'] } }, { ...strict, match: { model: ['m'] } })],
  ])('%s', (_, sketch) => {
    expect(checkRule('looser-alias', sketch)).toEqual([]);
  });
});
