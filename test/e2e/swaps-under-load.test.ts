import { expect, test } from 'vitest';
import { swapUnderLoad } from './swap-under-load.ts';

/** The default takes seconds; `SWAPS=1000` is what `test/bench/swaps.ts` prints. */
const SWAPS = Number(process.env.SWAPS ?? 100);
/** Most heap that one swap may leave behind, and what the heap may move by chance, in bytes. */
const KEPT = 1_024;
const NOISE = 1 << 20;
/**
 * The bound of a first decision, in µs. On a busy machine it is held against the slowest twentieth of ordinary decisions in the same run:
 * twice that is what caches cost that other work has emptied; cold code costs sixteen times that.
 */
const FIRST = 10;
const SHARE = 0.95;
const TIMES = 2;

test('swaps under load: none fails, none is mixed, the heap stays flat, the first decision is on warm code', async () => {
  const { problems, requests, spanned, first, ordinary, grown } = await swapUnderLoad(SWAPS);
  expect(problems).toEqual([]);
  expect(requests).toBeGreaterThan(SWAPS);
  expect(spanned).toBeGreaterThan(SWAPS / 4);
  expect(first.length).toBeGreaterThan(SWAPS / 4);
  expect(grown * SWAPS).toBeLessThan(KEPT * SWAPS + NOISE);
  expect(first[first.length >> 1]).toBeLessThan(Math.max(FIRST, TIMES * ordinary[Math.floor(ordinary.length * SHARE)]));
}, 600_000);
