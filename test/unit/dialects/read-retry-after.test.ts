import { expect, test } from 'vitest';
import { readRetryAfter } from '../../../runtime/backends/read-retry-after.ts';

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

test('a limit that is used up: the latest reset, in every provider’s form; none of one that has something left', () => {
  expect(read('x-ratelimit-remaining-requests', '0', 'x-ratelimit-reset-requests', '6m0s')).toBe(360_000);
  expect(read('x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-tokens', '20ms')).toBe(20);
  expect(read('x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-tokens', '1h2m3.5s')).toBe(3_723_500);
  expect(read('x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-tokens', '12')).toBe(12_000);
  expect(read('x-ratelimit-remaining-tokens', '9', 'x-ratelimit-reset-tokens', '12')).toBeNull();
  expect(read('x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-tokens', 'later')).toBeNull();
  expect(
    read(
      ...['anthropic-ratelimit-tokens-remaining', '0', 'anthropic-ratelimit-tokens-reset', '2026-11-20T12:00:09Z'],
      ...['anthropic-ratelimit-requests-remaining', '0', 'anthropic-ratelimit-requests-reset', '2026-11-20T12:00:02Z'],
      ...['anthropic-ratelimit-input-tokens-remaining', '7', 'anthropic-ratelimit-input-tokens-reset', '2026-11-20T12:05:00Z'],
    ),
  ).toBe(9_000);
  expect(read('retry-after', '1', 'x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-tokens', '9s')).toBe(1_000);
  expect(readRetryAfter(['x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-tokens', '9s'], NOW, false)).toBeNull();
});

test('a record of headers says the same; dates count by the clock of who sent them; nothing is longer than a day', () => {
  expect(readRetryAfter({ 'retry-after': ['7', '8'] }, NOW)).toBe(7_000);
  expect(readRetryAfter({ 'retry-after': 'Fri, 20 Nov 2026 11:00:30 GMT', date: 'Fri, 20 Nov 2026 11:00:00 GMT' }, NOW)).toBe(30_000);
  expect(readRetryAfter({ 'retry-after': '99999999' }, NOW)).toBe(86_400_000);
  expect(readRetryAfter({}, NOW)).toBeNull();
});
