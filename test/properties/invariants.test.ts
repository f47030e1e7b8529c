import fc from 'fast-check';
import { expect, test } from 'vitest';
import { analyzeRequest, judge, type Question } from '../../compiler/interpret/interpret.ts';
import { mostCost } from '../../compiler/prove/invariants/amounts.ts';
import { clausesOf, NEEDS, sizesOf } from '../../compiler/prove/invariants/clause.ts';
import { LEAST_TOKENS } from '../../compiler/prove/invariants/kinds.ts';
import { proveInvariants } from '../../compiler/prove/invariants/prove-invariants.ts';
import { isSo } from '../../compiler/prove/invariants/witness.ts';
import { CODE } from '../../schema/decision.ts';
import { DECISIONS, type Fact, FACT_AXES, type FactAxis, type GivenState, type Invariant } from '../../schema/invariant.ts';
import type { PolicySet } from '../../schema/policy-set.ts';
import { IMAGE_TOKENS } from '../../schema/request.ts';
import { type MetricsSnapshot, TARGET_STATE } from '../../schema/snapshot.ts';
import { BUDGET_STATUSES, CAPABILITIES, ENDPOINTS } from '../../schema/vocabulary.ts';
import { anyPolicySet, anyQuestion, anySnapshot } from '../build/policy-set.ts';

const place = { file: 'policies/policy.yaml', line: 1, column: 1 };
const VISION = 1 << CAPABILITIES.indexOf('vision');

/** As a body can be: a cap of at least one token, no fewer tokens than its frame and its images take. */
function possible(question: Question): Question {
  const { body, tokens } = question;
  const images = (body.required & VISION) === 0 ? 0 : 1;
  const least = body.endpoint === 'embeddings' ? LEAST_TOKENS.embeddings : LEAST_TOKENS.chat + images * IMAGE_TOKENS;
  const maxOutputTokens = body.maxOutputTokens === null ? null : Math.max(1, body.maxOutputTokens);
  const required = body.tools > 0 ? body.required | (1 << CAPABILITIES.indexOf('tools')) : body.required;
  return { ...question, body: { ...body, maxOutputTokens, required, text: body.text }, tokens: Math.max(least, tokens) };
}

interface Seen {
  readonly set: PolicySet;
  readonly asked: ReturnType<typeof analyzeRequest>;
  readonly endpoint: number;
  readonly decision: number;
  readonly target: number | null;
  readonly cost: number;
  readonly state: MetricsSnapshot;
}

function decide(set: PolicySet, question: Question, state: MetricsSnapshot): Seen {
  const asked = analyzeRequest(set, question);
  fc.pre(asked.problem === 'none');
  const { code } = judge(set, asked, state, new Set());
  const target = code === CODE.REJECT ? null : code & CODE.TARGET;
  const decision = target === null ? 2 : (code & (CODE.LOADING | CODE.FULL)) === 0 ? 0 : 1;
  const amounts = { input: asked.inputTokens, output: asked.outputCap, answers: asked.answers, images: 0, tools: question.body.tools > 0 };
  const cost = target === null ? 0 : mostCost(set.targets[target], amounts);
  return { set, asked, endpoint: ENDPOINTS.indexOf(question.body.endpoint), decision, target, cost, state };
}

/** Facts of which most are so of what was seen. */
function anyFact(seen: Seen): fc.Arbitrary<Fact> {
  const { set, asked, endpoint, decision, target, cost } = seen;
  const at: Record<FactAxis, number> = {
    policy: asked.policy,
    category: asked.category,
    class: asked.class,
    caller: asked.caller,
    name: asked.name,
    endpoint,
    target: target ?? 0,
    decision,
  };
  const rows = fc.constantFrom(...FACT_AXES).chain((axis) =>
    fc
      .array(fc.nat(sizesOf(set)[axis] - 1), { maxLength: 3 })
      .chain((others) => fc.constantFrom([...others, at[axis]], [...others, at[axis]], others))
      .map((list): Fact => ({ fact: 'policy', kind: 'rows', axis, rows: [...new Set(list)].sort((a, b) => a - b), place })),
  );
  const needs = fc
    .record({ of: fc.constantFrom('some' as const, 'only' as const), bits: fc.nat(63) })
    .map(
      ({ of, bits }): Fact => ({ fact: 'needs', kind: 'needs', of, bits: (of === 'only' ? bits | asked.required : bits) & NEEDS, place }),
    );
  const bound = fc
    .record({
      measure: fc.constantFrom('input' as const, 'output' as const, 'cost' as const),
      op: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const),
      shift: fc.constantFrom(-1_000, -1, 0, 1, 1_000),
    })
    .map(({ measure, op, shift }): Fact => {
      const measured = { input: asked.inputTokens, output: asked.outputCap, cost: Number.isFinite(cost) ? cost : 1e9 }[measure];
      return { fact: 'input_tokens', kind: 'bound', measure, bound: { op, value: Math.max(0, measured + shift) }, written: '', place };
    });
  return fc.oneof({ weight: 4, arbitrary: rows }, { weight: 1, arbitrary: needs }, { weight: 2, arbitrary: bound });
}

/** The state as it is, or any. */
function anyGiven({ set, state }: Seen): fc.Arbitrary<GivenState> {
  const having = (bit: number): number[] => set.targets.flatMap((_, row) => ((state.targets[row].state & bit) === 0 ? [] : [row]));
  return fc.record({
    down: fc.constantFrom(null, having(TARGET_STATE.DOWN)),
    full: fc.constantFrom(null, having(TARGET_STATE.FULL)),
    budgets: fc.constantFrom(
      null,
      null,
      state.budgets.map((status) => BUDGET_STATUSES[status]),
    ),
  });
}

const anyCase = anyPolicySet({ maxTargets: 8, maxPolicies: 6 })
  .chain((set) => fc.record({ set: fc.constant(set), question: anyQuestion(set).map(possible), state: anySnapshot(set) }))
  .filter(({ set, question }) => analyzeRequest(set, question).problem === 'none')
  .map(({ set, question, state }) => decide(set, question, state))
  .chain((seen) =>
    fc.record({
      seen: fc.constant(seen),
      claim: fc.constantFrom('never' as const, 'always' as const),
      when: fc.array(anyFact(seen), { maxLength: 2 }),
      facts: fc.array(anyFact(seen), { minLength: 1, maxLength: 3 }),
      given: anyGiven(seen),
    }),
  );

test('what is proven is broken by no request in no state; what a decision breaks is refuted, but for a few', () => {
  let broken = 0;
  let proven = 0;
  let unclear = 0;
  fc.assert(
    fc.property(anyCase, ({ seen, claim, when, facts, given }) => {
      const invariant: Invariant = { name: 'any', claim, when, facts, given, place };
      const set = { ...seen.set, invariants: [invariant] };
      const [{ outcome, witness }] = proveInvariants(set);
      const isBroken = clausesOf(set, invariant).some((clause) => isSo(clause, seen.asked, seen));
      if (outcome === 'proven') proven++;
      if (isBroken) {
        broken++;
        expect(outcome).not.toBe('proven');
        if (outcome === 'unclear') unclear++;
      }
      expect(witness === null).toBe(outcome !== 'refuted');
      if (witness !== null) expect(DECISIONS).toContain(witness.decision);
    }),
    { numRuns: 1_500, seed: 5, endOnFailure: true, maxSkipsPerRun: 1_000 },
  );
  expect(broken).toBeGreaterThan(200);
  expect(proven).toBeGreaterThan(200);
  expect(unclear / broken).toBeLessThan(0.02);
});
