import { expect, test } from 'vitest';
import { swapUnderLoad } from './swap-under-load.ts';

/** The default takes seconds; `SWAPS=1000` is what `test/bench/swaps.ts` prints. */
const SWAPS = Number(process.env.SWAPS ?? 100);
/** Most heap that one swap may leave behind, and what the heap may move by chance, in bytes. */
const KEPT = 1_024;
const NOISE = 1 << 20;
/** The bound of a first decision, in µs; on a busy machine every decision takes longer: then three times the ordinary one. */
const FIRST = 10;
const TIMES = 3;

test('swaps under load: none fails, none is mixed, the heap stays flat, the first decision is on warm code', async () => {
  const { problems, requests, spanned, first, steady, grown } = await swapUnderLoad(SWAPS);
  expect(problems).toEqual([]);
  expect(requests).toBeGreaterThan(SWAPS);
  expect(spanned).toBeGreaterThan(SWAPS / 4);
  expect(first.length).toBeGreaterThan(SWAPS / 4);
  expect(first[first.length >> 1]).toBeLessThan(Math.max(FIRST, TIMES * steady));
  expect(grown * SWAPS).toBeLessThan(KEPT * SWAPS + NOISE);
}, 600_000);
