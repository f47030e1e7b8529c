import { expect, test } from 'vitest';
import { readRetryAfter } from '../../../runtime/gateway/read-retry-after.ts';

const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);
const read = (...headers: string[]): number | null => readRetryAfter(headers, NOW);

test('seconds, parts of one, milliseconds, dates', () => {
  expect(read('retry-after', '7')).toBe(7_000);
  expect(read('retry-after', '0.25')).toBe(250);
  expect(read('retry-after', '7', 'retry-after-ms', '1500')).toBe(1_500);
  expect(read('retry-after', 'Fri, 20 Nov 2026 12:00:30 GMT')).toBe(30_000);
  expect(read('retry-after', 'Fri, 20 Nov 2026 11:00:00 GMT')).toBe(0);
});

test('nothing, nonsense and what is too long say nothing', () => {
  for (const text of ['', 'soon', '-1', '1e3', `${'9'.repeat(65)}`]) expect(read('retry-after', text), text).toBeNull();
  expect(read('content-type', '7')).toBeNull();
});
