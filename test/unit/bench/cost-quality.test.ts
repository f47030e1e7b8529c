import fc from 'fast-check';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bootstrap } from '../../bench/cost-quality/bootstrap.ts';
import { chooseModels, frontierOf } from '../../bench/cost-quality/choose-models.ts';
import type { Graded } from '../../bench/cost-quality/graded.ts';
import { FOLDS, readPool } from '../../bench/cost-quality/read-pool.ts';

const MODELS = ['best', 'near', 'cheap'];
const COSTS: Record<string, number> = { best: 10, near: 3, cheap: 1 };

/** Prompts of one class: how many of them each model gets right, from the first on. */
function prompts(name: string, count: number, right: Record<string, number>): Graded[] {
  return Array.from({ length: count }, (_, row) => ({
    id: `${name}-${row}`,
    class: name,
    fold: row % FOLDS,
    results: new Map(MODELS.map((model) => [model, { score: row < right[model] ? 1 : 0, cost: COSTS[model] }])),
  }));
}

test('a class takes the cheapest model that cannot be told from the best', () => {
  const samples = [
    ...prompts('same', 100, { best: 80, near: 80, cheap: 60 }),
    ...prompts('better', 100, { best: 80, near: 70, cheap: 81 }),
    ...prompts('worse', 100, { best: 80, near: 70, cheap: 60 }),
    // 4 of 100 lost, and the standard error is 2.
    ...prompts('close', 100, { best: 80, near: 76, cheap: 10 }),
  ];
  const choose = (errors: number) => Object.fromEntries(chooseModels(samples, MODELS, 'best', errors));
  expect(choose(0)).toEqual({ same: 'near', better: 'cheap', worse: 'best', close: 'best' });
  expect(choose(1)).toEqual(choose(0));
  expect(choose(2)).toEqual({ same: 'near', better: 'cheap', worse: 'best', close: 'near' });
});

test('a frontier rises in cost and quality, and nothing outdoes what is on it', () => {
  const stand = fc.record({ model: fc.string(), right: fc.nat(20), cost: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(stand, { minLength: 1 }), (stands) => {
      const kept = frontierOf(stands);
      for (const [at, one] of kept.entries()) {
        if (at > 0) expect(one.cost > kept[at - 1].cost && one.right > kept[at - 1].right).toBe(true);
        expect(stands.some(({ right, cost }) => right >= one.right && cost <= one.cost && (right > one.right || cost < one.cost))).toBe(
          false,
        );
      }
      for (const one of stands) expect(kept.some(({ right, cost }) => right >= one.right && cost <= one.cost)).toBe(true);
    }),
  );
});

test('the interval of a mean is the one that theory gives, and the same every time', () => {
  const samples = Array.from({ length: 400 }, (_, row) => row % 4);
  const mean = (drawn: readonly number[]) => drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  const found = bootstrap(samples, mean);
  const half = 1.96 * Math.sqrt(1.25 / 400);
  expect(found.value).toBe(1.5);
  expect(Math.abs(found.low - (1.5 - half))).toBeLessThan(0.02);
  expect(Math.abs(found.high - (1.5 + half))).toBeLessThan(0.02);
  expect(bootstrap(samples, mean)).toEqual(found);
});

test('a pool is read plain or gzipped, its folds are of the id alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'policyc-pool-'));
  const lines = Array.from({ length: 500 }, (_, row) =>
    JSON.stringify({ id: `p${row}`, task: 't', prompt: 'hi', o: { m: [1, 2, 3, null] } }),
  ).join('\n');
  writeFileSync(join(folder, 'a.jsonl'), `${lines}\n`);
  writeFileSync(join(folder, 'b.jsonl.gz'), gzipSync(lines));
  const pool = readPool(join(folder, 'a.jsonl'));
  expect(readPool(join(folder, 'b.jsonl.gz'))).toEqual(pool);
  expect(pool[0].outcomes.get('m')).toEqual({ score: 1, input: 2, output: 3 });
  for (let fold = 0; fold < FOLDS; fold++) {
    const share = pool.filter((sample) => sample.fold === fold).length / pool.length;
    expect(share > 0.14 && share < 0.26).toBe(true);
  }
  writeFileSync(join(folder, 'c.jsonl'), '{"id":1}\n');
  expect(() => readPool(join(folder, 'c.jsonl'))).toThrow('line 1');
});
