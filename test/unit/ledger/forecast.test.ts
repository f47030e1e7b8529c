import { expect, test } from 'vitest';
import { forecast } from '../../../runtime/ledger/forecast.ts';
import { findSpan } from '../../../runtime/ledger/span.ts';

const HOUR = 3_600_000;

test('straight on at the rate of the last hours', () => {
  const now = Date.UTC(2026, 10, 20, 12, 30);
  const span = findSpan('month', now);
  // 3.5 hours are seen: 350 in them.
  const found = forecast({ span, now, limit: 10_000, used: 5_000, hours: [100, 100, 100, 50] });
  expect(found.burnRate).toBe(100);
  expect(found.atEnd).toBe(5_000 + Math.round((100 * (span.end - now)) / HOUR));
  expect(found.exhaustedAt).toBe(now + 50 * HOUR);
});

test('hours before the window do not count, and a young window has little to say', () => {
  const now = Date.UTC(2026, 11, 1, 0, 30);
  const found = forecast({ span: findSpan('month', now), now, limit: 1_000, used: 10, hours: [900, 900, 900, 10] });
  expect(found.burnRate).toBe(20);
  expect(forecast({ span: findSpan('month', now), now: Date.UTC(2026, 11, 1), limit: 1_000, used: 0, hours: [5] })).toEqual({
    burnRate: 0,
    atEnd: 0,
    exhaustedAt: null,
  });
});

test('a limit that is not reached in this window has no such time; one that is reached, now', () => {
  const now = Date.UTC(2026, 10, 20, 12, 30);
  const span = findSpan('day', now);
  expect(forecast({ span, now, limit: 10_000, used: 100, hours: [10, 5] }).exhaustedAt).toBeNull();
  expect(forecast({ span, now, limit: 100, used: 100, hours: [10, 5] }).exhaustedAt).toBe(now);
});
