import { expect, test } from 'vitest';
import { firstFew, listNames } from '../../../compiler/analyze/list-names.ts';

test.each([
  [['a'], '`a`'],
  [['a', 'b'], '`a` and `b`'],
  [['a', 'b', 'c'], '`a`, `b` and `c`'],
  [['a', 'b', 'c', 'd', 'e'], '`a`, `b`, `c` and 2 more'],
])('%j reads %s', (names, text) => {
  expect(listNames(names)).toBe(text);
});

test('the first few are three', () => {
  expect(firstFew([1, 2, 3, 4])).toEqual([1, 2, 3]);
});
