import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareOut } from '../../../runtime/ledger/share-out.ts';

const money = fc.nat({ max: 1_000 });
const base = { budget: 'b', scope: '', span: '2026', enforced: true, fresh: true, giveBack: 0, answers: false };

test('a grant never brings the sums above the limit, and meets whole needs or says that it starves', () => {
  const input = fc.record({
    limit: fc.nat({ max: 3_000 }),
    needs: fc.array(money, { maxLength: 8 }),
    ahead: money,
    settled: money,
    reserved: money,
    others: money,
    slice: money,
    lost: money,
  });
  fc.assert(
    fc.property(input, ({ limit, needs, ahead, settled, reserved, others, slice, lost }) => {
      const held = others + slice;
      const { grant, starved } = shareOut({ ...base, limit, needs, ahead }, { settled, reserved, held, lost }, slice);
      const before = settled + reserved + held + lost;
      expect(before + grant).toBeLessThanOrEqual(Math.max(limit, before));
      expect(slice + grant).toBeGreaterThanOrEqual(0);
      const wanted = needs.reduce((sum, need) => sum + need, 0);
      if (before > limit) expect(grant).toBeLessThanOrEqual(0);
      else expect(starved).toBe(wanted > slice + limit - before);
      if (!starved) expect(slice + grant).toBeGreaterThanOrEqual(before > limit ? 0 : wanted);
    }),
  );
});

test('near the limit a slice is what is needed, and far from it what is wished for', () => {
  const sums = { settled: 0, reserved: 0, held: 0, lost: 0 };
  const order = { ...base, limit: 10_000, needs: [10, 10], ahead: 100 };
  expect(shareOut(order, sums, 0)).toEqual({ grant: 120, starved: false });
  expect(shareOut(order, { ...sums, settled: 9_900 }, 0)).toEqual({ grant: 30, starved: false });
  expect(shareOut(order, { ...sums, settled: 9_985 }, 0)).toEqual({ grant: 10, starved: true });
  expect(shareOut(order, { ...sums, settled: 9_995 }, 0)).toEqual({ grant: 0, starved: true });
});

test('what is out is taken back where the limit was lowered below it', () => {
  expect(shareOut({ ...base, limit: 50, needs: [], ahead: 10 }, { settled: 30, reserved: 20, held: 15, lost: 0 }, 10).grant).toBe(-10);
  expect(shareOut({ ...base, limit: 60, needs: [], ahead: 10 }, { settled: 30, reserved: 20, held: 15, lost: 0 }, 10).grant).toBe(-5);
});
