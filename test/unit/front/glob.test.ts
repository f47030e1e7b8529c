import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLiteral, matches, refuseGlob } from '../../../compiler/resolve/glob.ts';

describe('globs', () => {
  it.each([
    ['*', 'gpt-5', true],
    ['*', 'owner/model', false],
    ['**', 'owner/model', true],
    ['*', '.hidden', true],
    ['gpt-5*', 'gpt-5', true],
    ['gpt-5*', 'GPT-5', false],
    ['gpt-?', 'gpt-5', true],
    ['gpt-[45]', 'gpt-6', false],
    ['{gpt,claude}-*', 'claude-x', true],
    ['a', 'a/', false],
    ['a*', 'a/', false],
    ['claude-3.5', 'claude-3x5', false],
  ])('%s on %s: %s', (glob, name, expected) => {
    expect(matches(glob, name)).toBe(expected);
  });

  it.each([
    '(a+)+',
    '!a',
    '@(a|b)',
    '+(a)',
    '*(a)',
    'a|b',
    '[a]+',
    '{a,b}+',
    '[a',
    '{a',
    'a}',
    '',
    '*a*b*c*d*',
    'a\u0000',
    '[z-a]',
    '\\1',
    'a\\',
    'x'.repeat(257),
  ])('refuses %j', (glob) => {
    expect(refuseGlob(glob)).not.toBeNull();
  });

  it.each(['a', 'gpt-5*', '*-mini', '{a,b}', '[ab]*', '{a,b}*', 'a+b', 'owner/**', 'x'.repeat(256), 'a\\[b'])('takes %j', (glob) => {
    expect(refuseGlob(glob)).toBeNull();
  });

  it('a plain name matches itself and nothing else', () => {
    const name = fc.stringMatching(/^[a-z0-9._:/-]{1,40}$/).filter((text) => !text.endsWith('/') && !text.startsWith('./'));
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(isLiteral(one)).toBe(true);
        expect(matches(one, other)).toBe(one === other);
      }),
    );
  });

  it('what is taken never takes long, on the names it is worst at', () => {
    const shape = fc
      .array(fc.constantFrom('*', 'a', '?', '[ab]', '{a,aa}', 'b'), { minLength: 1, maxLength: 12 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(shape, (glob) => {
        fc.pre(refuseGlob(glob) === null);
        const start = performance.now();
        matches(glob, `${'a'.repeat(60)}!`);
        expect(performance.now() - start).toBeLessThan(1_000);
      }),
      { numRuns: 300 },
    );
  });
});
