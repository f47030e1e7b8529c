import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecisionHistory } from '../../../runtime/dashboard/page/decision-history.ts';
import type { DecisionLine } from '../../../schema/decision-line.ts';

const lineOf = (id: number): DecisionLine =>
  ({ request_id: `r${id}`, excluded: [], time: '2026-11-20T00:00:00.000Z' }) as unknown as DecisionLine;

test('the newest stay, each once, newest first, and never more than there is room for', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), (ids, most) => {
      const history = new DecisionHistory(most);
      // The plain way: a list that is searched.
      let kept: string[] = [];
      let heard = 0;
      for (const id of ids) {
        const isNew = !kept.includes(`r${id}`);
        expect(history.add(lineOf(id))).toBe(isNew);
        if (!isNew) continue;
        heard++;
        kept = [...kept, `r${id}`].slice(-most);
      }
      expect(history.read().map(({ request_id }) => request_id)).toEqual(kept.toReversed());
      expect(history.heard).toBe(heard);
    }),
  );
});
