import { expect, test } from 'vitest';
import { messagesOf } from './check-rule.ts';

const targets = [
  { backend: 'local', model: 'small' },
  { backend: 'local', model: 'large' },
];

test('what a policy below demands of all the same requests is said once', () => {
  const policies = [
    { name: 'one', match: { model: ['small'] }, minTier: 2 },
    { name: 'both', match: { model: ['*'] }, minTier: 2 },
  ];
  expect(messagesOf('redundant', { targets, policies })).toEqual([
    'policy `one` changes nothing: `both` below it demands the same of all that it matches',
  ]);
});

test.each([
  ['another demand', [{ match: { model: ['small'] }, minTier: 3 }, { minTier: 2 }]],
  ['a policy between, which would take over', [{ match: { model: ['small'] }, minTier: 2 }, { match: { model: ['s*'] } }, { minTier: 2 }]],
  [
    'only one of the heirs demands the same',
    [{ minTier: 2, match: { model: ['*'] } }, { match: { model: ['small'] }, minTier: 2 }, { match: { model: ['large'] } }],
  ],
  ['a name for what is left over', [{ match: { model: ['small'] } }]],
  ['the other one is shadowed, which is its own finding', [{}, {}]],
])('silent: %s', (_, policies) => {
  expect(messagesOf('redundant', { targets, policies })).toEqual([]);
});
