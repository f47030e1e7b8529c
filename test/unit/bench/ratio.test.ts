import { expect, test } from 'vitest';
import type { Timing } from '../../../compiler/bench/race.ts';
import { compareTimings } from '../../../compiler/bench/ratio.ts';

const timing = (...rounds: number[]): Timing => ({ name: 'x', nanoseconds: rounds[1]!, rounds });

test('a ratio is the median within rounds, so that a slow round of both does not count', () => {
  expect(compareTimings('', timing(20, 200, 30), timing(10, 100, 10), null).value).toBe(2);
});

test.each([
  [{ most: 2 }, true],
  [{ most: 1.9 }, false],
  [{ least: 2 }, true],
  [{ least: 2.1 }, false],
  [{ least: 0.8, most: 1.2 }, false],
  [null, true],
])('a ratio of 2 against %j holds: %s', (bound, holds) => {
  expect(compareTimings('', timing(20, 20, 20), timing(10, 10, 10), bound).holds).toBe(holds);
});
