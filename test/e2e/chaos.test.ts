import { expect, test } from 'vitest';
import { FAULTS } from '../chaos/chaotic-upstream.ts';
import { ENDS, runChaos } from '../chaos/run-chaos.ts';

test('500 callers against backends that fail in every way: a right answer or a right error, always one end, never late', async () => {
  const report = await runChaos({ seconds: 10, callers: 500, seed: 7 });
  expect(report.wrong).toEqual([]);
  expect(report.leftOver).toBe('');
  expect(report.slowestMs).toBeLessThan(report.deadlineMs);
  expect(report.heapGrowth).toBeLessThan(8 << 20);
  // It saw what it is about.
  expect([...report.faults.keys()]).toHaveLength(FAULTS.length);
  for (const end of ENDS) {
    expect(report.ends.get(end), end).toBeGreaterThan(0);
  }
}, 180_000);
