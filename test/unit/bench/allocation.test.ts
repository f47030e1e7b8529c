import { describe, expect, test } from 'vitest';
import { makeScene } from '../../../compiler/bench/core.ts';
import { countBytes } from '../../../compiler/bench/count-bytes.ts';
import { loadPolicy } from '../../../compiler/bench/load-policy.ts';
import { writeSyntheticPolicy } from '../../../compiler/bench/synthetic-policy.ts';

const CALLS = 1_000_000;
/** Bytes in all, for what the runtime itself may do meanwhile: a thousandth of a byte a call. */
const SLACK = 1024;

describe('what a decision allocates', () => {
  test.each([
    { targets: 8, policies: 10 },
    { targets: 32, policies: 100 },
    { targets: 128, policies: 100 },
  ])('route allocates nothing at $targets targets × $policies policies', async ({ targets, policies }) => {
    const { router, live, intents } = makeScene(await loadPolicy(writeSyntheticPolicy({ targets, policies })), 7);
    let sum = 0;
    const bytes = countBytes(() => {
      for (let i = 0; i < CALLS; i++) sum = (sum + router.route(intents[i % intents.length]!, live, router.none)) | 0;
    });
    expect(sum).not.toBeNaN();
    expect(bytes).toBeLessThan(SLACK);
  });

  test('the measurement sees an allocation, through collections too', () => {
    const kept: object[] = [];
    const bytes = countBytes(() => {
      for (let i = 0; i < CALLS; i++) kept[i % 64] = { i };
    });
    expect(bytes / CALLS).toBeGreaterThanOrEqual(16);
    expect(bytes / CALLS).toBeLessThan(64);
  });
});
