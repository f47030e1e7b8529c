import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Analyzed,
  analyzeRequest,
  type Judgement,
  judge,
  type LinkTrace,
  orderTargets,
  type Question,
} from '../../compiler/interpret/interpret.ts';
import { CODE } from '../../schema/decision.ts';
import type { PolicySet, TrafficPolicy } from '../../schema/policy-set.ts';
import { type MetricsSnapshot, TARGET_STATE } from '../../schema/snapshot.ts';
import { OBJECTIVES, STAGES } from '../../schema/vocabulary.ts';
import { anyPolicySet, anyQuestion, anySnapshot, type PolicySetBounds } from '../build/policy-set.ts';

interface Case {
  readonly set: PolicySet;
  readonly question: Question;
  readonly state: MetricsSnapshot;
  readonly excluded: ReadonlySet<number>;
}

function anyCase(bounds?: PolicySetBounds): fc.Arbitrary<Case> {
  return anyPolicySet(bounds).chain((set) =>
    fc.record({
      set: fc.constant(set),
      question: anyQuestion(set),
      state: anySnapshot(set),
      excluded: fc.array(fc.nat(set.targets.length - 1), { maxLength: 2 }).map((rows) => new Set(rows)),
    }),
  );
}

/** Asks and judges; a question with a problem has no decision to hold laws about. */
function decide({ set, question, state, excluded }: Case): { asked: Analyzed; judgement: Judgement } {
  const asked = analyzeRequest(set, question);
  fc.pre(asked.problem === 'none');
  return { asked, judgement: judge(set, asked, state, excluded) };
}

/** Candidates that every stage leaves in, floors read strictly, when the stages work one after the other in this order. */
function filterInOrder({ candidates, stageExcludes }: LinkTrace, stages: readonly (typeof STAGES)[number][]): number[] {
  return stages.reduce<readonly number[]>(
    (left, stage) => left.filter((target) => !stageExcludes[stage].has(target)),
    candidates,
  ) as number[];
}

function withPolicy(set: PolicySet, row: number, change: Partial<TrafficPolicy>): PolicySet {
  return { ...set, policies: set.policies.map((policy, at) => (at === row ? { ...policy, ...change } : policy)) };
}

function withState(state: MetricsSnapshot, target: number, bits: number): MetricsSnapshot {
  return {
    ...state,
    targets: state.targets.map((metrics, row) => (row === target ? { ...metrics, state: metrics.state | bits } : metrics)),
  };
}

/** Large policies are shown as drawn: shrinking them takes longer than a test may. */
function runs(numRuns: number): fc.Parameters<unknown> {
  return { numRuns, maxSkipsPerRun: 1_000, endOnFailure: numRuns < 100 };
}

describe.each([
  ['small policies', {}, 400],
  ['300 targets × 1,000 policies', { maxTargets: 300, maxPolicies: 1_000 }, 12],
] as const)('%s', (_, bounds, numRuns) => {
  test('the filters may work in any order', () => {
    fc.assert(
      fc.property(anyCase(bounds), fc.shuffledSubarray([...STAGES], { minLength: STAGES.length }), (given, stages) => {
        for (const link of decide(given).judgement.links) {
          const left = filterInOrder(link, stages);
          expect(left).toEqual(filterInOrder(link, STAGES));
          if (left.length > 0) expect([...link.order].sort((a, b) => a - b)).toEqual(left);
        }
      }),
      runs(numRuns),
    );
  });

  test('a constraint more never lets a target more in', () => {
    const tightened = fc.record(
      { privacy: fc.constant('restricted' as const), minTier: fc.integer({ min: 1, max: 5 }), maxCost: fc.nat(1e9) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(anyCase(bounds), tightened, (given, change) => {
        const { asked, judgement } = decide(given);
        const policy = given.set.policies[asked.policy];
        const tighter = {
          ...change,
          ...(change.minTier !== undefined && { minTier: Math.max(change.minTier, policy.minTier) }),
          ...(change.maxCost !== undefined && { maxCost: Math.min(change.maxCost, policy.maxCost ?? change.maxCost) }),
        };
        const after = decide({ ...given, set: withPolicy(given.set, asked.policy, tighter) });
        expect(filterInOrder(judgement.links[0], STAGES)).toEqual(expect.arrayContaining(filterInOrder(after.judgement.links[0], STAGES)));
      }),
      runs(numRuns),
    );
  });

  test('the first policy that matches wins', () => {
    fc.assert(
      fc.property(anyCase(bounds), (given) => {
        const { asked } = decide(given);
        const { policies } = given.set;
        const before = [...policies.slice(0, asked.policy), policies[policies.length - 1]];
        const from = policies.slice(asked.policy);
        expect(analyzeRequest({ ...given.set, policies: before }, given.question).policy).toBe(asked.policy);
        expect(analyzeRequest({ ...given.set, policies: from }, given.question).policy).toBe(0);
        const everything = policies[policies.length - 1];
        expect(analyzeRequest({ ...given.set, policies: [everything, ...policies] }, given.question).policy).toBe(0);
      }),
      runs(numRuns),
    );
  });

  test('a target that was not chosen can vanish', () => {
    fc.assert(
      fc.property(anyCase(bounds), fc.nat(), (given, drawn) => {
        const { asked, judgement } = decide(given);
        const target = drawn % given.set.targets.length;
        fc.pre(judgement.code === CODE.REJECT || (judgement.code & CODE.TARGET) !== target);
        expect(judge(given.set, asked, withState(given.state, target, TARGET_STATE.DOWN), given.excluded).code).toBe(judgement.code);
        expect(judge(given.set, asked, given.state, new Set([...given.excluded, target])).code).toBe(judgement.code);
      }),
      runs(numRuns),
    );
  });

  test('restricted traffic never reaches the open zone', () => {
    fc.assert(
      fc.property(anyCase(bounds), (given) => {
        const asked = analyzeRequest(given.set, given.question);
        fc.pre(asked.problem === 'none');
        const set = withPolicy(given.set, asked.policy, { privacy: 'restricted' });
        const { code, links } = judge(set, asked, given.state, given.excluded);
        const zones = [...links.flatMap(({ order }) => order), ...(code === CODE.REJECT ? [] : [code & CODE.TARGET])].map(
          (target) => set.backends[set.targets[target].backend].zone,
        );
        expect(zones.filter((zone) => zone !== 'restricted')).toEqual([]);
      }),
      runs(numRuns),
    );
  });

  test('every candidate is in the order or has a reason', () => {
    fc.assert(
      fc.property(anyCase(bounds), (given) => {
        const { judgement } = decide(given);
        for (const { candidates, hard, order, stageExcludes } of judgement.links) {
          expect([...hard.keys()]).toEqual(candidates);
          for (const [target, verdict] of hard) {
            expect(order.includes(target)).toBe(verdict === null);
            if (verdict !== null) expect(stageExcludes[verdict.stage].has(target)).toBe(true);
          }
        }
        const chosen = judgement.links[(judgement.code >> CODE.LINK_SHIFT) & CODE.LINK];
        if (judgement.code === CODE.REJECT || judgement.code & CODE.FULL) expect(judgement.links.flatMap(({ order }) => order)).toEqual([]);
        else expect(chosen.order[0]).toBe(judgement.code & CODE.TARGET);
      }),
      runs(numRuns),
    );
  });

  test('the order is total: all targets once, local first where soft, ties as declared', () => {
    const anyOrder = anyPolicySet(bounds).chain((set) =>
      fc.record({
        set: fc.constant(set),
        state: anySnapshot(set),
        category: fc.nat(set.categories.length - 1),
        objective: fc.constantFrom(...OBJECTIVES),
        soft: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(anyOrder, ({ set, state, category, objective, soft }) => {
        const order = orderTargets(set, category, objective, soft, state);
        expect([...order].sort((a, b) => a - b)).toEqual([...set.targets.keys()]);
        const clouds = order.map((target) => (set.backends[set.targets[target].backend].cloud ? 1 : 0));
        if (soft) expect(clouds).toEqual([...clouds].sort());
        const twins = { ...set, targets: set.targets.map((target) => ({ ...set.targets[0], model: target.model })) };
        const same = { ...state, targets: state.targets.map(() => state.targets[0]) };
        expect(orderTargets(twins, category, objective, soft, same)).toEqual([...set.targets.keys()]);
      }),
      runs(numRuns),
    );
  });
});
