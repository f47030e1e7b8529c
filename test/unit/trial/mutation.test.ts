import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { situationOf } from '../../../compiler/cli/read-tests.ts';
import { rowsOf } from '../../../compiler/trial/coverage.ts';
import { judgeOutcome } from '../../../compiler/trial/judge-outcome.ts';
import { loadCandidate } from '../../../compiler/trial/load-candidate.ts';
import { mutatePolicy } from '../../../compiler/trial/mutate/mutate-policy.ts';
import { type MutantResult, runMutants, scoreOf } from '../../../compiler/trial/mutate/run-mutants.ts';
import { measureCoverage } from '../../../compiler/trial/measure-coverage.ts';
import { runTests } from '../../../compiler/trial/run-tests.ts';
import { suggestForMutants, suggestForRows } from '../../../compiler/trial/suggest-tests.ts';
import { tryRouter } from '../../../compiler/trial/try-router.ts';
import { analyzeRequest, judge } from '../../../compiler/interpret/interpret.ts';
import { restState, randomState, seededRandom } from '../../../compiler/prove/states.ts';
import { combinationAt, countCombinations } from '../../../compiler/prove/cells.ts';
import { coordinatesOf } from '../../../compiler/prove/coordinates.ts';
import { SMALL, worldIn, worldOf } from './world.ts';

const POLICIES = fileURLToPath(new URL('../../../policies/', import.meta.url));
const SLOW = 600_000;

it('a cap that only requests for several answers reach is no equivalent', async () => {
  const text = `backends: { a: { type: openai, api_key_env: KEY, models: { m: { context: 8k, price: { input: 1, output: 10 } } } } }
traffic: [{ name: all, max_cost_per_request: 0.5 }]
`;
  const { candidate, set, locate } = await worldOf([{ file: 'policies/policy.yaml', text }], []);
  const results = await runMutants(candidate, mutatePolicy(set, locate).mutants, []);
  const caps = results.filter(({ mutant }) => mutant.what.includes('max_cost_per_request'));
  expect(caps.map(({ fate }) => fate)).toEqual(['survived', 'survived', 'survived']);
});

describe('mutants of a small policy without tests', () => {
  let world: Awaited<ReturnType<typeof worldOf>>;
  let results: readonly MutantResult[];
  beforeAll(async () => {
    world = await worldOf([{ file: 'policies/policy.yaml', text: SMALL }], []);
    results = await runMutants(world.candidate, mutatePolicy(world.set, world.locate).mutants, []);
  }, SLOW);

  it('there is one for every kind of rule', () => {
    const found = results.map(({ mutant }) => mutant.what);
    for (const what of [
      'policy `inside` removed',
      'policy `inside` behind `search`',
      'policy `inside`: privacy restricted as unrestricted',
      'policy `inside`: fallback_allowed false as true',
      'policy `inside`: match.model as `*`',
      'policy `inside`: match.model negated',
      'policy `search`: match.team dropped',
      'policy `search`: match.team negated',
      'policy `search`: min_tier 3 as 2',
      'policy `search`: min_tier 3 as 4',
      'policy `search`: max_cost_per_request doubled',
      'policy `search`: max_cost_per_request halved',
      'policy `search`: max_cost_per_request dropped',
      'category `EASY`: never by itself',
      'category `EASY` behind `HARD`',
      'category `EASY`: when.score `<0.3` as `>=0.3`',
      'category `EASY`: when.input_tokens `<100` as `<99`',
      'category `HARD`: min_quality dropped',
      'class `code`: candidates as `*`',
      'classifier: keyword `design` dropped',
      'sla `quick`: first_token halved',
      'budget `all`: removed',
      'budget `all`: hard_limit_action block_cloud as block_all',
      'alias `default` removed',
      'fallback of `large` to `coder` removed',
      'candidates of `private` without `coder`',
      'backend `box`: zone restricted as open',
      'backend `box`: priority 100 dropped',
      'target `sky/large`: tier 4 as 3',
    ]) {
      expect(found).toContain(what);
    }
    expect(new Set(found).size).toBe(found.length);
  });

  it('none is killed by no tests, and none is left undecided', () => {
    const fates = new Set(results.map(({ fate }) => fate));
    expect([...fates].sort()).toEqual(['equivalent', 'survived']);
    expect(scoreOf(results)).toBe(0);
  });

  it(
    'the suggested test of a survivor passes, and fails for the mutant',
    async () => {
      const survivors = results.filter(({ fate }) => fate === 'survived');
      expect(survivors.length).toBeGreaterThan(40);
      for (const survivor of survivors) {
        const [test] = suggestForMutants(world.candidate, [survivor]);
        const situation = await situationOf(world.set, test);
        const mutant = await loadCandidate(survivor.mutant.set);
        expect([survivor.mutant.what, judgeOutcome(test.expect, tryRouter(world.candidate, situation))]).toEqual([
          survivor.mutant.what,
          [],
        ]);
        expect([survivor.mutant.what, judgeOutcome(test.expect, tryRouter(mutant, situation)).length]).not.toEqual([
          survivor.mutant.what,
          0,
        ]);
      }
    },
    SLOW,
  );

  it(
    'what is called equivalent is so by the interpreter, in random requests and states',
    () => {
      const random = seededRandom(7);
      const at = coordinatesOf(world.set);
      const equivalent = results.filter(({ fate }) => fate === 'equivalent');
      expect(equivalent.length).toBeGreaterThan(3);
      for (const { mutant } of equivalent) {
        for (let turn = 0; turn < 300; turn++) {
          const combination = combinationAt(at, Math.floor(random() * countCombinations(at)));
          const question = { ...combination, tokens: 1 + Math.floor(random() * 40_000) };
          const state = turn % 3 === 0 ? restState(world.set) : randomState(world.set, random);
          const codeOf = (set: typeof world.set): number => judge(set, analyzeRequest(set, question), state, new Set()).code;
          expect([mutant.what, codeOf(mutant.set)]).toEqual([mutant.what, codeOf(world.set)]);
        }
      }
    },
    SLOW,
  );

  it(
    'suggested tests cover what can be covered',
    async () => {
      const tests = suggestForRows(world.candidate, rowsOf(world.set, world.locate));
      const prepared = await Promise.all(
        tests.map(async (test) => ({
          ...(await situationOf(world.set, test)),
          test,
          spot: NOWHERE,
          tree: { kind: 'leaf', value: null, beside: null, ...NOWHERE } as const,
        })),
      );
      const ran = runTests(world.candidate, prepared);
      expect(ran.filter(({ passed }) => !passed)).toEqual([]);
      expect(measureCoverage(world.set, world.locate, ran).uncovered.map(({ what }) => what)).toEqual([]);
      expect(tests.length).toBeLessThan(20);
    },
    SLOW,
  );
});

const NOWHERE = { place: { file: 'a.test.yaml', line: 1, column: 1 }, length: 1 };

it(
  'the tests of the shipped policy meet every row, and notice at least nine of ten changes',
  async () => {
    const { set, candidate, locate, tests } = await worldIn(POLICIES);
    expect(measureCoverage(set, locate, runTests(candidate, tests)).uncovered.map(({ what }) => what)).toEqual([]);
    const results = await runMutants(candidate, mutatePolicy(set, locate).mutants, tests);
    expect(results.length).toBeGreaterThan(150);
    expect(scoreOf(results)).toBeGreaterThanOrEqual(90);
  },
  SLOW,
);
