import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findSpan } from '../../../runtime/ledger/span.ts';
import { PERIODS } from '../../../schema/vocabulary.ts';

test('names', () => {
  const at = Date.UTC(2026, 10, 20, 13, 59, 59, 999);
  expect(PERIODS.map((period) => findSpan(period, at).name)).toEqual(['2026-11-20T13', '2026-11-20', '2026-11']);
});

test('windows hold their times, have one name, and follow each other without a gap', () => {
  const time = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
  fc.assert(
    fc.property(fc.constantFrom(...PERIODS), time, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (period, at, share) => {
      const span = findSpan(period, at);
      expect(at).toBeGreaterThanOrEqual(span.start);
      expect(at).toBeLessThan(span.end);
      expect(findSpan(period, span.start + Math.floor(share * (span.end - span.start)))).toEqual(span);
      expect(findSpan(period, span.end).start).toBe(span.end);
      expect(findSpan(period, span.end).name > span.name).toBe(true);
    }),
  );
});
