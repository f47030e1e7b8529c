import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

/** As for compiling: the lesser of clock and processor, the best of three, since other tests may run beside this one. */
test.each([
  'line',
  'tiers',
])('two policies of 1,000 policies × 64 targets (%s) are compared whole in under 3 s after start-up', async (edit) => {
  const measure = new URL('../../build/measure-diff.ts', import.meta.url).pathname;
  const costs: number[] = [];
  for (let round = 0; round < 5 && (costs.length === 0 || Math.min(...costs) >= 3_000); round++) {
    const { stdout } = await run(process.execPath, [measure, edit]);
    const told = JSON.parse(stdout);
    expect(told.classes).toBeGreaterThan(0);
    expect(told.kinds.changed).toBeGreaterThan(0);
    expect(told.sampled).toEqual([]);
    costs.push(Math.min(told.cpu, told.wall));
  }
  expect(Math.min(...costs)).toBeLessThan(3_000);
}, 240_000);
