import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Gates, judgeCanary } from '../../../runtime/router/judge-canary.ts';
import { type RouterFigures, RouterTally } from '../../../runtime/router/router-tally.ts';

const GATES: Gates = { p99: 300, errors: 150, rejects: 150, spend: 150 };
const of = (more: Partial<RouterFigures>): RouterFigures => ({
  decisions: 1_000,
  p99Micros: 10,
  overBudget: 0,
  rejects: 0,
  errors: 0,
  spent: 0,
  spentSquares: 0,
  ...more,
});

test.each([
  ['rejects', 'turned away'],
  ['errors', 'failed'],
] as const)('%s: over the gate, and surely so', (count, words) => {
  const judge = (canary: number, of1: number, live: number, of2: number, gates = GATES): string | null =>
    judgeCanary(of({ decisions: of1, [count]: canary }), of({ decisions: of2, [count]: live }), gates);
  expect(judge(200, 1_000, 100, 1_000)).toContain(`20 % of its requests`);
  expect(judge(200, 1_000, 100, 1_000)).toContain(words);
  expect(judge(200, 1_000, 100, 1_000)).toContain("of the live router's 10 %");
  // Twice as many of ten requests is chance.
  expect(judge(2, 10, 100, 1_000)).toBeNull();
  // Surely more, and not half as many again.
  expect(judge(14_000, 100_000, 10_000, 100_000)).toBeNull();
  expect(judge(200, 1_000, 100, 1_000, { ...GATES, [count]: 0 })).toBeNull();
  expect(judge(100, 1_000, 200, 1_000)).toBeNull();
  // From none to some.
  expect(judge(100, 1_000, 0, 1_000)).not.toBeNull();
  expect(judge(2, 1_000, 0, 1_000)).toBeNull();
  expect(judge(100, 1_000, 0, 0)).toBeNull();
});

test('time: the percentile is over, and more than some accidents made it so', () => {
  const judge = (canary: Partial<RouterFigures>, live: Partial<RouterFigures> = {}): string | null =>
    judgeCanary(of(canary), of(live), GATES);
  expect(judge({ p99Micros: 3_000, overBudget: 500 })).toContain("took 3000 µs, of the live router's 10 µs");
  expect(judge({ decisions: 200, p99Micros: 1_300, overBudget: 3 })).toBeNull();
  expect(judge({ p99Micros: 3_000, overBudget: 500 }, { p99Micros: 1_100, overBudget: 20 })).toBeNull();
  expect(judge({ p99Micros: 990, overBudget: 5 })).toBeNull();
});

test('cost: means are compared with their own spread', () => {
  const spend = (...costs: number[]): Partial<RouterFigures> => ({
    decisions: costs.length,
    spent: costs.reduce((sum, cost) => sum + cost, 0),
    spentSquares: costs.reduce((sum, cost) => sum + cost * cost, 0),
  });
  const many = (cost: (row: number) => number) => of(spend(...Array.from({ length: 400 }, (_, row) => cost(row))));
  expect(
    judgeCanary(
      many(() => 2e6),
      many(() => 1e6),
      GATES,
    ),
  ).toContain('a request costs $0.002, with the live router $0.001');
  expect(
    judgeCanary(
      many(() => 1.4e6),
      many(() => 1e6),
      GATES,
    ),
  ).toBeNull();
  expect(
    judgeCanary(
      many(() => 1e6),
      many(() => 0),
      GATES,
    ),
  ).not.toBeNull();
  // One request of four hundred that costs a hundred times as much proves nothing.
  expect(
    judgeCanary(
      many((row) => (row === 7 ? 4e8 : 1e6)),
      many(() => 1e6),
      GATES,
    ),
  ).toBeNull();
});

test('a canary that is as good as the live router is hardly ever taken for worse, whatever their shares and sizes', () => {
  let worse = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 500 }),
      fc.integer({ min: 20, max: 2_000 }),
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })),
      (own, beside, share, draws) => {
        const draw = (size: number): number => [...draws.take(size)].filter((value) => value < share).length;
        if (judgeCanary(of({ decisions: own, rejects: draw(own) }), of({ decisions: beside, rejects: draw(beside) }), GATES)) worse++;
      },
    ),
    { numRuns: 300, seed: 4 },
  );
  expect(worse).toBeLessThanOrEqual(1);
});

test('what came after a mark is told apart from what was before, in every figure', () => {
  const tally = new RouterTally();
  const fill = (slow: boolean): void => {
    for (let row = 0; row < 100; row++) tally.decided(slow ? 3_000 : 5);
    tally.rejected();
    tally.failed(true);
    tally.spent(7);
  };
  fill(true);
  const mark = tally.mark();
  fill(false);
  expect(tally.read(mark)).toMatchObject({ decisions: 100, overBudget: 0, rejects: 1, errors: 1, spent: 7, spentSquares: 49 });
  expect(tally.read(mark).p99Micros).toBeLessThanOrEqual(5);
  expect(tally.read()).toMatchObject({ decisions: 200, overBudget: 100, rejects: 2, spent: 14 });
});
