import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emit } from '../../compiler/emit/emit.ts';
import { analyzeRequest, judge } from '../../compiler/interpret/interpret.ts';
import { loosen } from '../../compiler/interpret/loosen.ts';
import { plan } from '../../compiler/plan/plan.ts';
import { countsOf } from '../../compiler/prove/cells.ts';
import { loadRouter } from '../../compiler/prove/load-router.ts';
import { prove } from '../../compiler/prove/prove.ts';
import { CODE } from '../../schema/decision.ts';
import { drawUntil } from '../build/draw-until.ts';
import { anyPolicySet, anyQuestion, anySnapshot } from '../build/policy-set.ts';

const RUNS = Number(process.env.POLICYC_PROPERTY_RUNS ?? 1);

test('the router without its constraints decides as the policy without them, and a constraint never widens a choice', async () => {
  let free = 0;
  let violated = 0;
  const check = () =>
    fc.assert(
      fc.asyncProperty(
        anyPolicySet({ maxTargets: 12, maxPolicies: 8 }).chain((set) =>
          fc.tuple(
            fc.constant(set),
            fc.array(fc.tuple(anyQuestion(set), anySnapshot(set), fc.boolean()), { minLength: 20, maxLength: 30 }),
          ),
        ),
        async ([set, asks]) => {
          const router = loadRouter((await emit(set, plan(set), { compiler: 'test', sources: [] })).loadable);
          const plain = router.plain();
          const loose = loosen(set);
          for (const [question, snapshot, exact] of asks) {
            const asked = analyzeRequest(loose, question);
            const tokens = countsOf(question.tokens, exact);
            const intent = plain.analyze(question.body, question.hints, question.caller, tokens);
            if (asked.problem !== 'none') continue;
            const live = plain.lay(plain.rank(snapshot));
            const code = plain.decide(intent, live, plain.none);
            expect(code).toBe(judge(loose, asked, snapshot, new Set()).code);

            const strictIntent = router.analyze(question.body, question.hints, question.caller, tokens);
            const strictLive = router.lay(router.rank(snapshot));
            const strict = router.decide(strictIntent, strictLive, router.none);
            // Whatever is taken with constraints can be had without them: only they stood in the way.
            if (strict >= 0) expect(code).toBeGreaterThanOrEqual(0);
            if (code < 0 || (strict >= 0 && strictIntent.link !== intent.link)) continue;
            const violations = router.violations(strictIntent, strictLive, code & CODE.TARGET);
            if (strict !== code) free++;
            if (strict < 0 && intent.link === 0 && (code & (CODE.LOADING | CODE.FULL)) === 0) {
              violated++;
              expect(violations.length).toBeGreaterThan(0);
            }
            for (const { threshold, actual } of violations) expect(`${threshold} ${actual}`).not.toMatch(/undefined|NaN|Infinity|^ | $/);
          }
        },
      ),
      { numRuns: 60 * RUNS },
    );
  await drawUntil(() => free > 20 && violated > 5, check);
  // The law means something only where constraints decide.
  expect([free > 20, violated > 5], `${free} ${violated}`).toEqual([true, true]);
}, 120_000);

test('it is proven over the decision space like the other one', async () => {
  await fc.assert(
    fc.asyncProperty(anyPolicySet({ maxTargets: 6, maxPolicies: 3 }), async (set) => {
      const router = loadRouter((await emit(set, plan(set), { compiler: 'test', sources: [] })).loadable);
      expect(prove(loosen(set), router.plain()).difference).toBeNull();
    }),
    { numRuns: 4 * RUNS },
  );
}, 120_000);
