import { expect, test } from 'vitest';
import type { Sketch } from '../../build/build-policy-set.ts';
import { checkRule, messagesOf } from './check-rule.ts';

const targets: Sketch['targets'] = [
  { backend: 'local', model: 'm' },
  { backend: 'local', model: 'n' },
];

test('warns of a virtual model and of a class without candidates', () => {
  expect(messagesOf('empty-candidates', { targets, virtual: { v: [] }, classes: [{ name: 'c', candidates: [] }] })).toEqual([
    'virtual model `v` has no candidates: no model matches its patterns',
    'class `c` has no candidates: no model matches its patterns',
  ]);
});

test('does not blame a class for a virtual model that is empty by itself', () => {
  expect(messagesOf('empty-candidates', { targets, virtual: { v: [] }, classes: [{ name: 'c', candidates: ['m'] }] })).toEqual([
    'virtual model `v` has no candidates: no model matches its patterns',
  ]);
});

test('warns of a class that leaves nothing of a virtual model, with its place', () => {
  expect(
    checkRule('empty-candidates', { targets, virtual: { v: ['m'], all: ['*'] }, classes: [{ name: 'c', candidates: ['n'] }] }),
  ).toEqual([
    expect.objectContaining({
      severity: 'warning',
      message: 'class `c` leaves no candidate of `v`: their requests of that class are rejected',
      related: [{ message: '`v` is defined here', place: expect.anything() }],
    }),
  ]);
});

test.each<[string, Sketch]>([
  ['candidates that are shared', { targets, virtual: { v: ['m', 'n'] }, classes: [{ name: 'c', candidates: ['n'] }] }],
  ['classes that do not narrow', { targets, virtual: { v: ['m'] }, classes: [{ name: 'c' }] }],
  ['real models, which a class does not narrow', { targets, classes: [{ name: 'c', candidates: ['n'] }] }],
])('is silent about %s', (_, sketch) => {
  expect(checkRule('empty-candidates', sketch)).toEqual([]);
});
