import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readBody } from '../../../compiler/cli/read-body.ts';
import { diff, type PolicyDiff } from '../../../compiler/diff/diff.ts';
import { type Side, sideOfSet } from '../../../compiler/diff/side.ts';
import type { Witness } from '../../../compiler/diff/sorter.ts';
import { analyzeRequest, judge, type Question } from '../../../compiler/interpret/interpret.ts';
import { givenState } from '../../../compiler/trial/given-state.ts';
import { loadCandidate } from '../../../compiler/trial/load-candidate.ts';
import { nameTarget } from '../../../compiler/trial/rows-named.ts';
import { CODE } from '../../../schema/decision.ts';
import type { PolicySet } from '../../../schema/policy-set.ts';
import type { MetricsSnapshot } from '../../../schema/snapshot.ts';
import { CAPABILITIES } from '../../../schema/vocabulary.ts';
import { drawUntil } from '../../build/draw-until.ts';
import { anyPolicySet, anyQuestion, anySnapshot } from '../../build/policy-set.ts';
import { anyEdit } from './any-edit.ts';

const RUNS = Number(process.env.POLICYC_PROPERTY_RUNS ?? 1) * 40;
const TOOLS = 1 << CAPABILITIES.indexOf('tools');

const sideOf = async (label: string, set: PolicySet): Promise<Side> => sideOfSet(label, set, (await loadCandidate(set)).router);

/** What the oracle decides, in names: target, floors relaxed, link, waiting. */
function decide(set: PolicySet, question: Question, state: MetricsSnapshot): string {
  const asked = analyzeRequest(set, question);
  if (asked.problem !== 'none') return asked.problem;
  const { code } = judge(set, asked, state, new Set());
  if (code < 0) return 'reject';
  return `${nameTarget(set, code & CODE.TARGET)} ${code >> CODE.RELAXED_SHIFT}`;
}

/** As bodies come: tools are needed where they are declared, and nowhere else; a cap on output is one token or more. */
function asSent({ body, ...rest }: Question): Question {
  const tools = body.tools > 0 || (body.required & TOOLS) !== 0;
  return {
    ...rest,
    body: {
      ...body,
      maxOutputTokens: body.maxOutputTokens === null ? null : Math.max(1, body.maxOutputTokens),
      tools: tools ? Math.max(1, body.tools) : 0,
      required: tools ? body.required | TOOLS : body.required,
    },
  };
}

test('a decision that changes, for any request in any state, is in a class that names its model', async () => {
  const seen = new Map<string, number>();
  const count = (): number => [...seen.values()].reduce((sum, count) => sum + count, 0);
  const check = () =>
    fc.assert(
      fc.asyncProperty(
        anyPolicySet({ maxTargets: 6, maxPolicies: 4 }).chain((set) =>
          fc.tuple(
            fc.constant(set),
            anyEdit(set),
            fc.array(fc.tuple(anyQuestion(set), anySnapshot(set)), { minLength: 150, maxLength: 150 }),
          ),
        ),
        async ([old, { what, now }, asks]) => {
          const found = diff(await sideOf('old', old), await sideOf('now', now));
          expect(found.sampled).toEqual([]);
          const named = new Set(found.classes.flatMap(({ names }) => names));
          if (what === 'nothing') expect([found.classes, found.settings]).toEqual([[], []]);
          for (const [drawn, state] of asks) {
            const question = asSent(drawn);
            // With keys, nobody comes in without one.
            if (question.tokens < 1 || (old.callers.length > 1 && question.caller === old.callers.length - 1)) continue;
            const [before, after] = [decide(old, question, state), decide(now, question, state)];
            if (before === after) continue;
            seen.set(what, (seen.get(what) ?? 0) + 1);
            expect(named, `${what}: ${before} → ${after} for ${JSON.stringify({ ...question, text: question.body.text() })}`).toContain(
              question.body.model,
            );
          }
        },
      ),
      { numRuns: RUNS, endOnFailure: true, seed: Number(process.env.SEED ?? Date.now() & 0x7fffffff) },
    );
  // The law was put to the test: by several kinds of edits, and by as many decisions that changed as policies were asked for.
  await drawUntil(() => seen.size >= 3 && count() >= RUNS, check);
  const total = count();
  if (process.env.SHOW) console.log(total, seen);
  expect([seen.size >= 3, total >= RUNS]).toEqual([true, true]);
}, 240_000);

test('the witness of every class is decided by the oracle as it says, on both sides', async () => {
  let witnesses = 0;
  const check = () =>
    fc.assert(
      fc.asyncProperty(
        anyPolicySet({ maxTargets: 6, maxPolicies: 4 }).chain((set) => fc.tuple(fc.constant(set), anyEdit(set))),
        async ([old, { now }]) => {
          const found: PolicyDiff = diff(await sideOf('old', old), await sideOf('now', now));
          for (const { witness, kind } of found.classes) {
            if (kind === 'name' || kind === 'caller') continue;
            witnesses++;
            const told = [decideWitness(old, witness), decideWitness(now, witness)];
            expect(
              told.map((target) => target.split(' ')[0]),
              JSON.stringify(witness),
            ).toEqual([witness.old ?? 'reject', witness.now ?? 'reject']);
            // What only costs other money, or is cut elsewhere, may go where it went.
            if (kind !== 'cost' && kind !== 'output') expect(told[0], JSON.stringify({ kind, witness })).not.toBe(told[1]);
          }
        },
      ),
      { numRuns: RUNS, endOnFailure: true, seed: Number(process.env.SEED ?? Date.now() & 0x7fffffff) },
    );
  await drawUntil(() => witnesses > RUNS / 4, check);
  expect(witnesses).toBeGreaterThan(RUNS / 4);
}, 240_000);

/** The body read as `policyc explain` reads it. */
function decideWitness(set: PolicySet, { request, headers, key, tokens, given }: Witness): string {
  const caller = key === null ? set.callers.length - 1 : set.callers.findIndex(({ name, implicit }) => !implicit && name === key);
  const { body } = readBody('witness', request);
  const hints = {
    strict: false,
    flexible: headers['X-Nexus-Flexible'] === 'true',
    category: headers['X-Nexus-Category'] ?? null,
    class: headers['X-Nexus-Class'] ?? null,
  };
  return decide(set, { body, hints, caller, tokens }, givenState(set, given as Parameters<typeof givenState>[1]));
}
