import fc from 'fast-check';
import { expect, test } from 'vitest';
import { climb } from '../../../compiler/diff/ladder.ts';
import { analyzeRequest, judge } from '../../../compiler/interpret/interpret.ts';
import { countsOf } from '../../../compiler/prove/cells.ts';
import { restState } from '../../../compiler/prove/states.ts';
import { loadCandidate } from '../../../compiler/trial/load-candidate.ts';
import { CODE } from '../../../schema/decision.ts';
import { drawUntil } from '../../build/draw-until.ts';
import { anyPolicySet, anyQuestion } from '../../build/policy-set.ts';

test('a ladder is what the oracle decides as one after the other is out, to the last of forty targets', async () => {
  let longest = 0;
  await drawUntil(
    () => longest > 8,
    () => check((rungs) => (longest = Math.max(longest, rungs))),
  );
  expect(longest).toBeGreaterThan(8);
}, 180_000);

async function check(tell: (rungs: number) => void): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      anyPolicySet({ maxTargets: 40, maxPolicies: 3 }).chain((set) =>
        fc.tuple(fc.constant(set), fc.array(anyQuestion(set), { minLength: 8, maxLength: 8 })),
      ),
      async ([set, questions]) => {
        const { router } = await loadCandidate(set);
        const rest = restState(set);
        const live = router.lay(router.rank(rest));
        for (const question of questions) {
          const asked = analyzeRequest(set, question);
          if (asked.problem !== 'none') continue;
          const intent = router.analyze(question.body, question.hints, question.caller, countsOf(question.tokens, true));
          const rungs = climb(router, intent, live, (target) => router.exclude(live, [target]));
          const out = new Set<number>();
          for (const rung of rungs) {
            const { code } = judge(set, asked, rest, out);
            const relaxed = (code >> CODE.RELAXED_SHIFT) & CODE.RELAXED;
            expect(rung).toEqual({ target: code & CODE.TARGET, link: (code >> CODE.LINK_SHIFT) & CODE.LINK, relaxed });
            out.add(rung.target);
          }
          expect(judge(set, asked, rest, out).code).toBe(CODE.REJECT);
          tell(rungs.length);
        }
      },
    ),
    { numRuns: 30, endOnFailure: true },
  );
}
