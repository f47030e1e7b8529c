import { describe, expect, test } from 'vitest';
import { makeScene } from '../../../compiler/bench/core.ts';
import { countBytes } from '../../../compiler/bench/count-bytes.ts';
import { loadPolicy } from '../../../compiler/bench/load-policy.ts';
import { writeSyntheticPolicy } from '../../../compiler/bench/synthetic-policy.ts';

const CALLS = 1_000_000;
/**
 * A tenth of a byte a call. The smallest object has 16 bytes, so that this is an object in every 160th call; what the engine itself does
 * in a run (it recompiles the loop, one that calls nothing too) is about 10 KB, whether a hundred thousand or ten million calls long.
 */
const SLACK = CALLS / 10;

/** Bytes that a million calls add: two lengths are measured, so that most of a run's own cost cancels out. */
function bytesOfCalls(call: (turn: number) => number): number {
  let sum = 0;
  const runOf = (calls: number) => (): void => {
    for (let i = 0; i < calls; i++) sum = (sum + call(i)) | 0;
  };
  const once = countBytes(runOf(CALLS));
  const twice = countBytes(runOf(2 * CALLS));
  expect(sum).not.toBeNaN();
  return twice - once;
}

describe('what a decision allocates', () => {
  test.each([
    { targets: 8, policies: 10 },
    { targets: 32, policies: 100 },
    { targets: 128, policies: 100 },
  ])('route allocates nothing at $targets targets × $policies policies', async ({ targets, policies }) => {
    const { router, live, intents } = makeScene(await loadPolicy(writeSyntheticPolicy({ targets, policies })), 7);
    expect(bytesOfCalls((turn) => router.route(intents[turn % intents.length]!, live, router.none))).toBeLessThan(SLACK);
  });

  test('the measurement sees an allocation, through collections too', () => {
    const kept: object[] = [];
    const bytes = bytesOfCalls((turn) => {
      kept[turn % 64] = { turn };
      return turn;
    });
    expect(bytes / CALLS).toBeGreaterThanOrEqual(16);
    expect(bytes / CALLS).toBeLessThan(64);
  });
});
