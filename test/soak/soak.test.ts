import { expect, test } from 'vitest';
import { findBrokenLaws } from './find-broken-laws.ts';
import { runSoak } from './run-soak.ts';

test('half a minute of every kind of request, failure and change at once: every law of the soak holds', async () => {
  const report = await runSoak({ minutes: 0.5, requests: 2_000, seed: 7 });
  expect(findBrokenLaws(report)).toEqual([]);
}, 900_000);
