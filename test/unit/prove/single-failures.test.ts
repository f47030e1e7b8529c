import fc from 'fast-check';
import { expect, test } from 'vitest';
import { analyzeRequest, judge } from '../../../compiler/interpret/interpret.ts';
import { findSingleFailures } from '../../../compiler/prove/single-failures.ts';
import { CODE } from '../../../schema/decision.ts';
import { TARGET_STATE } from '../../../schema/snapshot.ts';
import { anyPolicySet, anyQuestion, buildPolicySet, buildQuestion, buildSnapshot } from '../../build/policy-set.ts';

const sketch = {
  backends: [{ name: 'home' }, { name: 'cloud', type: 'openai' as const }],
  targets: [
    { backend: 'home', model: 'small' },
    { backend: 'cloud', model: 'big', price: { input: 1, output: 1 } },
  ],
  virtual: { 'support-chat': ['*'], auto: ['*'] },
  fallbacks: { big: ['small'] },
  policies: [{ name: 'inside', match: { model: ['support-*'] }, privacy: 'restricted' as const }],
};

test('names what hangs on one backend, by policy', () => {
  expect(findSingleFailures(buildPolicySet(sketch))).toEqual([
    { backend: 'home', policy: 'inside', endpoint: 'chat', names: ['support-chat'], categories: null },
    { backend: 'home', policy: 'everything-else', endpoint: 'chat', names: ['small'], categories: null },
  ]);
});

test('categories are named where it is so in some alone', () => {
  const categories = [{ name: 'HARD', when: { score: { op: '>=' as const, value: 1 } }, minQuality: 800_000, strict: true }];
  const targets = [sketch.targets[0], { ...sketch.targets[1], quality: 900_000 }];
  const found = findSingleFailures(buildPolicySet({ ...sketch, targets, categories, policies: [] }));
  expect(found).toContainEqual({
    backend: 'cloud',
    policy: 'everything-else',
    endpoint: 'chat',
    names: ['big', 'support-chat', 'auto'],
    categories: ['HARD'],
  });
});

test('what hangs on a backend is rejected without it, whoever asks and whatever else is up', () => {
  let rejected = 0;
  fc.assert(
    fc.property(
      anyPolicySet({ maxTargets: 6, maxPolicies: 4 }).chain((set) => fc.tuple(fc.constant(set), anyQuestion(set))),
      ([set, question]) => {
        const asked = analyzeRequest(set, question);
        fc.pre(asked.problem === 'none' && !asked.flexible);
        for (const { backend, policy, endpoint, names, categories } of findSingleFailures(set)) {
          const isMeant =
            set.policies[asked.policy].name === policy &&
            question.body.endpoint === endpoint &&
            names.includes(question.body.model) &&
            (categories === null || categories.includes(set.categories[asked.category].name));
          if (!isMeant) continue;
          const row = set.backends.findIndex(({ name }) => name === backend);
          const down = Object.fromEntries(
            set.targets.flatMap((target, at) => (target.backend === row ? [[at, { state: TARGET_STATE.DOWN }]] : [])),
          );
          rejected++;
          expect(judge(set, asked, buildSnapshot(set, down), new Set()).code).toBe(CODE.REJECT);
        }
      },
    ),
    { numRuns: 600, seed: 3, endOnFailure: true, maxSkipsPerRun: 1_000 },
  );
  expect(rejected).toBeGreaterThan(50);
});

test('with another backend left, a plain request is served', () => {
  const set = buildPolicySet(sketch);
  const asked = analyzeRequest(set, buildQuestion({ model: 'big' }));
  expect(judge(set, asked, buildSnapshot(set, { 1: { state: TARGET_STATE.DOWN } }), new Set()).code).not.toBe(CODE.REJECT);
  expect(findSingleFailures(set).some(({ names }) => names.includes('big'))).toBe(false);
});
