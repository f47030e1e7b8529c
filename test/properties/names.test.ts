import fc from 'fast-check';
import picomatch from 'picomatch';
import { describe, expect, test } from 'vitest';
import { buildNames } from '../../compiler/emit/kernel/names.ts';
import { plan } from '../../compiler/plan/plan.ts';
import { buildPolicySet } from '../build/policy-set.ts';

/** Names that share much: few letters, so that prefixes, suffixes and near misses are frequent. */
const anyName = fc.string({ unit: fc.constantFrom('a', 'b', '-', '5', '/', 'é', '😀', 'A'), minLength: 1, maxLength: 12 });

describe('the automaton over names', () => {
  test('says what a list of names says, for known names and for everything near them', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyName, { minLength: 0, maxLength: 60 }),
        fc.array(fc.oneof(anyName, fc.string()), { maxLength: 60 }),
        (names, others) => {
          const resolve = buildNames(names);
          for (const name of [...names, ...others, ...names.map((name) => `${name}a`), ...names.map((name) => name.slice(1)), '']) {
            expect(resolve(name)).toBe(names.indexOf(name));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('finds each of 5,000 names that differ in their last characters only', () => {
    const names = Array.from({ length: 5_000 }, (_, i) => `organisation/model-family-with-a-long-name-${i}`);
    const resolve = buildNames(names);
    for (const [row, name] of names.entries()) expect(resolve(name)).toBe(row);
    expect(resolve('organisation/model-family-with-a-long-name-5000')).toBe(-1);
  });
});

test('the policies of a name are those whose globs picomatch accepts for the name or one of its hops', () => {
  const globs = ['*', '**', 'gpt-*', '*-mini', 'org/*', 'org/**', '{gpt-5,org/x}', '?pt-5', '.*', '*/', 'org/', '[a-g]*'];
  const set = buildPolicySet({
    backends: [{ name: 'home' }],
    targets: ['gpt-5', 'gpt-5-mini', 'org/x', 'org/', '.hidden'].map((model) => ({ backend: 'home', model })),
    aliases: { smart: 'gpt-5', 'org/y': 'smart' },
    policies: globs.map((glob, i) => ({ name: `p${i}`, match: { model: [glob], team: ['t'] } })),
  });
  const { data } = plan(set);
  for (const { name, list } of data.names) {
    const { hops } = set.names.find((entry) => entry.name === name)!;
    const expected = globs.flatMap((glob, row) =>
      hops.some((hop) => picomatch.isMatch(hop, glob, { dot: true, strictSlashes: true })) ? [row] : [],
    );
    expect([name, data.lists[list]!.slice(0, -1)]).toEqual([name, expected]);
  }
});
