import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emit } from '../../compiler/emit/emit.ts';
import { analyzeRequest, judge } from '../../compiler/interpret/interpret.ts';
import { plan } from '../../compiler/plan/plan.ts';
import { countsOf } from '../../compiler/prove/cells.ts';
import { loadRouter } from '../../compiler/prove/load-router.ts';
import { CODE } from '../../schema/decision.ts';
import { PROBLEMS } from '../../schema/intent.ts';
import type { PolicySet } from '../../schema/policy-set.ts';
import type { RouterModule } from '../../schema/router.ts';
import { anyPolicySet, anyQuestion, anySnapshot } from '../build/policy-set.ts';

const routerOf = async (set: PolicySet): Promise<RouterModule> =>
  loadRouter((await emit(set, plan(set), { compiler: 'test', sources: [] })).loadable);

const RUNS = Number(process.env.POLICYC_PROPERTY_RUNS ?? 1);

/** Every policy is compiled once and asked many questions in many states. */
async function agree(bounds: { maxTargets: number; maxPolicies: number }, sets: number): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  await fc.assert(
    fc.asyncProperty(
      anyPolicySet(bounds).chain((set) =>
        fc.tuple(
          fc.constant(set),
          fc.array(fc.tuple(anyQuestion(set), anySnapshot(set), fc.boolean(), fc.array(fc.nat(set.targets.length - 1), { maxLength: 3 })), {
            minLength: 20,
            maxLength: 30,
          }),
        ),
      ),
      async ([set, asks]) => {
        const router = await routerOf(set);
        for (const [question, snapshot, exact, tried] of asks) {
          const asked = analyzeRequest(set, question);
          const intent = router.analyze(question.body, question.hints, question.caller, countsOf(question.tokens, exact));
          expect(PROBLEMS[intent.problem]).toBe(asked.problem);
          if (asked.problem !== 'none') continue;
          for (const field of ['name', 'model', 'policy', 'category', 'class', 'required', 'outputCap'] as const) {
            expect([field, intent[field]]).toEqual([field, asked[field]]);
          }
          const live = router.lay(router.rank(snapshot));
          const expected = judge(set, asked, snapshot, new Set(tried)).code;
          const excluded = router.exclude(live, tried);
          expect(router.decide(intent, live, excluded)).toBe(expected);
          note(expected < 0 ? 'reject' : `level ${(expected >> CODE.RELAXED_SHIFT) & CODE.RELAXED}`);
          if (expected >= 0 && expected >> CODE.LINK_SHIFT > 0) note('fallback');
          if (expected >= 0 && expected & CODE.FULL) note('full');
          if (expected >= 0 && expected & CODE.LOADING) note('loading');

          const told = router.explain(intent, live, excluded, 'r1');
          if (expected < 0) {
            expect(told.decision.decision).toBe('reject');
            for (const reason of told.intent.rejection_reasons) {
              expect(reason.reason).not.toMatch(/[{}]|undefined|NaN/);
              expect(reason.suggested_action).not.toMatch(/[{}]|undefined|NaN|^$/);
            }
            const candidates = told.links.flatMap((_, link) => set.models[set.models[asked.model]!.chain[link]!]!.candidates);
            expect(told.intent.rejection_reasons.length).toBe(candidates.length);
          } else {
            const target = set.targets[expected & CODE.TARGET]!;
            expect(told.decision).toMatchObject({ backend: set.backends[target.backend]!.name });
          }
        }
      },
    ),
    { numRuns: sets * RUNS },
  );
  return seen;
}

describe('router = interpreter', () => {
  test('small policies, every kind of decision', async () => {
    const seen = await agree({ maxTargets: 12, maxPolicies: 8 }, 60);
    // The law means something only where the decisions differ.
    for (const kind of ['reject', 'level 0', 'level 2', 'fallback', 'full', 'loading'])
      expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(0);
  }, 120_000);

  test('up to 300 targets and 1,000 policies', async () => {
    const seen = await agree({ maxTargets: 300, maxPolicies: 1000 }, 24);
    expect(seen.get('level 0') ?? 0).toBeGreaterThan(0);
  }, 120_000);

  test('live states marked in place equal live states laid', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyPolicySet({ maxTargets: 80, maxPolicies: 4 }).chain((set) => fc.tuple(fc.constant(set), anySnapshot(set), anySnapshot(set))),
        async ([set, before, after]) => {
          const router = await routerOf(set);
          const states = { ...before, targets: before.targets.map((target, row) => ({ ...target, state: after.targets[row]!.state })) };
          const marked = router.lay(router.rank(before));
          after.targets.forEach(({ state }, target) => {
            router.mark(marked, target, state);
          });
          after.budgets.forEach((status, budget) => {
            router.charge(marked, budget, status);
          });
          const laid = router.lay(router.rank({ ...states, budgets: after.budgets }));
          expect(marked.masks).toEqual(laid.masks);
          expect(marked.loading).toEqual(laid.loading);
          expect(marked.soft).toEqual(laid.soft);
        },
      ),
      { numRuns: 25 * RUNS },
    );
  });
});
