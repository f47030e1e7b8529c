import { expect, test } from 'vitest';
import { findRegression } from '../../../runtime/router/find-regression.ts';
import type { RouterFigures } from '../../../runtime/router/router-tally.ts';

const of = (more: Partial<RouterFigures>): RouterFigures => ({
  decisions: 1_000,
  p99Micros: 10,
  overBudget: 0,
  rejects: 0,
  errors: 0,
  spent: 0,
  spentSquares: 0,
  ...more,
});
const judge = (now: Partial<RouterFigures>, before: Partial<RouterFigures> = {}): string | null => findRegression(of(now), of(before), 100);

test('time: over a millisecond, and over three times as long as before', () => {
  expect(judge({ p99Micros: 999 })).toBeNull();
  expect(judge({ p99Micros: 1_100 })).toContain('99th percentile of its decisions took 1100 µs, before 10 µs');
  expect(judge({ p99Micros: 1_100 }, { p99Micros: 500 })).toBeNull();
  expect(judge({ p99Micros: 1_600 }, { p99Micros: 500 })).not.toBeNull();
  expect(judge({ p99Micros: 1_100 }, { p99Micros: 500, decisions: 99 })).toContain('before unknown');
});

test('shares: five points more, and three times as many, or a third as many that get through', () => {
  for (const [share, what] of [
    ['rejects', 'turned away'],
    ['errors', 'failed'],
  ] as const) {
    expect(judge({ [share]: 50 })).toBeNull();
    expect(judge({ [share]: 60 })).toContain(`6 % of its requests`);
    expect(judge({ [share]: 60 })).toContain(what);
    expect(judge({ [share]: 100 }, { [share]: 40 })).toBeNull();
    expect(judge({ [share]: 130 }, { [share]: 40 })).not.toBeNull();
    expect(judge({ [share]: 750 }, { [share]: 400 })).toBeNull();
    expect(judge({ [share]: 1_000 }, { [share]: 400 })).toContain('100 % of its requests');
    expect(judge({ [share]: 1_000 }, { [share]: 1_000 })).toBeNull();
  }
});

test('with nothing to compare it with: more than half', () => {
  expect(judge({ rejects: 500 }, { decisions: 0, p99Micros: 0 })).toBeNull();
  expect(judge({ rejects: 501 }, { decisions: 0, p99Micros: 0 })).toContain('before unknown');
});
