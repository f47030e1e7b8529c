import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rule } from '../../../compiler/analyze/rules/empty-protection.ts';
import { matches, refuseGlob } from '../../../compiler/resolve/glob.ts';
import { buildPolicySet } from '../../build/policy-set.ts';

const isEmpty = (glob: string): boolean => {
  const place = { file: 'policies/workloads.yaml', line: 1, column: 1 };
  const workloads = { protected: [{ glob, place }] };
  return rule.check(buildPolicySet({ workloads })).length > 0;
};

test.each(['kube-system/*', 'Backup', 'nightly_job', 'a b', '\\*', 'a:1', 'x\\{', '*/y', 'ü'])('%s protects nothing', (glob) => {
  expect(isEmpty(glob)).toBe(true);
});

test.each([
  'kube-*',
  '*',
  '**',
  '**/a',
  'a/**',
  './a',
  '{A,b}',
  '[A-Z]x',
  'a.b',
  '"a"',
  'a?',
  '\\a',
  '{a/b,c}',
])('%s may protect something', (glob) => {
  expect(isEmpty(glob)).toBe(false);
});

test('what a name of a workload matches is never found', () => {
  const anyGlob = fc
    .array(
      fc.constantFrom(
        'a',
        'B',
        '-',
        '.',
        '/',
        './',
        '_',
        '*',
        '**',
        '?',
        '[ab]',
        '[A-Z]',
        '[!a]',
        '{a,B}',
        '{a,b/c}',
        '\\*',
        '\\{',
        '"',
        '+',
        '@',
        '$',
        '^',
        '~',
        ',',
        '..',
        '[]',
        '[',
        ']',
        '{',
        '}',
      ),
      { minLength: 1, maxLength: 6 },
    )
    .map((parts) => parts.join(''))
    .filter((glob) => refuseGlob(glob) === null);
  const anyName = fc
    .string({ unit: fc.constantFrom(...'ab01-.'), minLength: 1, maxLength: 5 })
    .filter((name) => /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name));
  let found = 0;
  let matched = 0;
  fc.assert(
    fc.property(anyGlob, fc.array(anyName, { minLength: 20, maxLength: 20 }), (glob, names) => {
      const empty = isEmpty(glob);
      found += Number(empty);
      for (const name of names) {
        if (!matches(glob, name)) continue;
        matched++;
        expect(empty, `${glob} matches ${name}`).toBe(false);
      }
    }),
    { numRuns: 5_000 },
  );
  expect(Math.min(found, matched)).toBeGreaterThan(300);
});
