import { expect, test } from 'vitest';
import { RouterTally } from '../../../runtime/router/router-tally.ts';

test('percentiles are within a bucket of the truth, from below', () => {
  for (const scale of [0.01, 1, 37, 1_000, 1e6]) {
    const tally = new RouterTally();
    for (let step = 1; step <= 1_000; step++) tally.decided((step / 1_000) * scale);
    const { decisions, p99Micros } = tally.read();
    expect(decisions).toBe(1_000);
    expect(p99Micros).toBeLessThanOrEqual(Math.max(0.99 * scale, 1 / 16));
    expect(p99Micros).toBeGreaterThan((0.99 * scale) / 2 ** (1 / 8));
  }
});

test('a router that broke down before it decided counts as a decision that failed', () => {
  const tally = new RouterTally();
  tally.decided(3);
  tally.failed(true);
  tally.failed(false);
  tally.rejected();
  expect(tally.read()).toMatchObject({ decisions: 2, errors: 2, rejects: 1 });
  expect(tally.firstMicros).toBe(3);
});

test('decisions that broke down have no time, however many they are', () => {
  const tally = new RouterTally();
  for (let i = 0; i < 100; i++) tally.decided(4);
  for (let i = 0; i < 50; i++) tally.failed(false);
  expect(tally.read()).toMatchObject({ decisions: 150, errors: 50 });
  expect(tally.read().p99Micros).toBeLessThanOrEqual(4);
});

test('nothing, zero, and more than any bucket holds', () => {
  const tally = new RouterTally();
  expect(tally.read()).toEqual({ decisions: 0, p99Micros: 0, overBudget: 0, rejects: 0, errors: 0, spent: 0, spentSquares: 0 });
  for (const micros of [0, 1e300]) tally.decided(micros);
  expect(Number.isFinite(tally.read().p99Micros)).toBe(true);
});

test('two stretches are remembered, the third is not', () => {
  const tally = new RouterTally();
  const begun = Date.now();
  tally.decided(1);
  tally.rotate(begun + 500, 1_000);
  tally.decided(1);
  expect(tally.read().decisions).toBe(2);
  tally.rotate(begun + 2_000, 1_000);
  tally.decided(1);
  expect(tally.read().decisions).toBe(3);
  tally.rotate(begun + 4_000, 1_000);
  expect(tally.read().decisions).toBe(1);
  tally.rotate(begun + 6_000, 1_000);
  expect(tally.read().decisions).toBe(0);
});
