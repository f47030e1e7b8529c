import { describe, expect, it } from 'vitest';
import { runTests } from '../../../compiler/trial/run-tests.ts';
import { SMALL, worldOf } from './world.ts';

const POLICY = [{ file: 'policies/policy.yaml', text: SMALL }];

async function run(yaml: string) {
  const { candidate, tests } = await worldOf(POLICY, [{ file: 'policies/a.test.yaml', text: yaml }]);
  return runTests(candidate, tests);
}

/** One test with these expectations. */
async function judge(about: string, wanted: string): Promise<string[]> {
  const [result] = await run(`tests:\n  - { name: one, ${about}, expect: { ${wanted} } }\n`);
  expect(result.disagreement).toBeNull();
  return result.misses.map(({ path }) => path.slice(1).join('.'));
}

/** Expectations of one situation: what holds, and what does not. */
const EXPECTATIONS: readonly [about: string, holds: string, fails: string][] = [
  ['request: { model: auto }', 'decision: route', 'decision: queue'],
  ['request: { model: auto }', 'backend: box', 'backend: sky'],
  ['request: { model: auto }', 'model: coder', 'model: small'],
  ['request: { model: auto }', 'target: box/coder', 'target: sky/large'],
  ['request: { model: auto }', 'zone: restricted', 'zone: open'],
  ['request: { model: auto }', 'category: EASY', 'category: HARD'],
  ['request: { model: auto }, tokens: 100', 'category: HARD', 'category: EASY'],
  ['request: { model: auto, messages: [{ role: user, content: design }] }', 'category: HARD', 'category: EASY'],
  ['request: { model: auto }, headers: { x-nexus-category: HARD }', 'category: HARD', 'category: EASY'],
  ['request: { model: auto, messages: [{ role: user, content: "code, please" }] }', 'class: code', 'class: none'],
  ['request: { model: private }', 'policy: inside', 'policy: everything-else'],
  ['request: { model: auto }, key: finder', 'policy: search', 'policy: everything-else'],
  ['request: { model: auto }, team: search', 'policy: search', 'policy: everything-else'],
  ['request: { model: auto }, key: writer', 'policy: everything-else', 'policy: search'],
  ['request: { model: private }, given: { down: [box] }', 'decision: reject', 'decision: route'],
  [
    'request: { model: private }, given: { down: [box] }',
    'reasons: [{ reconciler: PrivacyReconciler, agent_id: sky }]',
    'reasons: [{ reconciler: TierReconciler }]',
  ],
  ['request: { model: private }, given: { down: [box] }', 'reasons: [{ reason: "zone" }]', 'reasons: [{ reason: "moon" }]'],
  ['request: { model: auto }, given: { full: [box] }', 'reason: capacity-overflow', 'reason: failover'],
  ['request: { model: auto }, given: { tried: [box/coder] }', 'reason: failover', 'reason: capability-match'],
  ['request: { model: auto }, given: { budgets: { all: HardLimit } }', 'backend: box', 'zone: open'],
  ['request: { model: large }, given: { budgets: { all: HardLimit } }', 'target: box/coder', 'target: sky/large'],
  ['request: { model: small }, given: { metrics: { box: { ttft_ms: { p50: 2000 } } } }', 'relaxed: quality', 'relaxed: none'],
  ['request: { model: small }, given: { metrics: { box: { ttft_ms: { p50: 2000 } } } }', 'warnings: [sla]', 'warnings: [quality-floor]'],
  ['request: { model: small }, headers: { X-Nexus-Flexible: "true" }, key: finder', 'warnings: [tier-fallback]', 'warnings: [sla]'],
  ['request: { model: small }, key: finder', 'decision: reject', 'decision: route'],
  ['request: { model: large }, tokens: 8000', 'cost_usd: 0.01', 'cost_usd: "<0.01"'],
  ['request: { model: large }, tokens: 8001, key: finder', 'not: { target: sky/large }', 'target: sky/large'],
  ['request: { model: large }', 'cost_usd: ">0.002"', 'cost_usd: ">0.003"'],
  ['request: { model: large }', 'output_cap: 4096', 'output_cap: "<4096"'],
  ['request: { model: large }', 'warnings: [output-cap-added]', 'warnings: [output-cap-lowered]'],
  ['request: { model: auto }', 'order: [box/coder, sky, box/small]', 'order: [sky]'],
  [
    'request: { model: private }, given: { loading: [box] }',
    'queue: { reason: loading, estimated_wait_ms: ">0" }',
    'queue: { reason: full }',
  ],
  ['request: { model: private }, given: { loading: [box] }', 'queue: { fallback: box }', 'queue: { fallback: null }'],
  ['request: { model: nothing }', 'problem: unknown-model', 'problem: unknown-class'],
];

describe('expectations', () => {
  it.each(EXPECTATIONS)('%s: %s, and not %s', async (about, holds, fails) => {
    expect(await judge(about, holds)).toEqual([]);
    expect(await judge(about, fails)).not.toEqual([]);
  });

  it.each(
    EXPECTATIONS.filter(([, holds, fails]) => !`${holds}${fails}`.includes('not:')),
  )('not turns them around: %s: %s', async (about, holds, fails) => {
    expect(await judge(about, `not: { ${holds} }`)).not.toEqual([]);
    // Of several words in one, some may hold.
    if (!fails.startsWith('queue')) expect(await judge(about, `not: { ${fails} }`)).toEqual([]);
  });

  it('a failure says what was expected, what came, and where', async () => {
    const [{ misses, outcome }] = await run(
      'tests:\n  - name: one\n    request: { model: auto }\n    expect: { target: sky/large, zone: open }\n',
    );
    expect(misses).toEqual([
      { path: ['expect', 'target'], expected: 'sky/large', got: 'box/coder' },
      { path: ['expect', 'zone'], expected: 'open', got: 'restricted' },
    ]);
    expect(outcome.explanation?.decision.decision).toBe('route');
  });
});

it('a policy that the router was not made for is noticed: the interpreter is asked, too', async () => {
  const other = SMALL.replace('min_quality: 0.5, objective: cost', 'min_quality: 0.95, strict: true, objective: cost');
  const yaml = 'tests:\n  - { name: one, request: { model: auto }, expect: { decision: route } }\n';
  const { candidate, tests } = await worldOf(POLICY, [{ file: 'a.test.yaml', text: yaml }]);
  const { set } = await worldOf([{ file: 'policies/policy.yaml', text: other }], []);
  const [result] = runTests({ ...candidate, set }, tests);
  expect(result).toMatchObject({ misses: [], passed: false });
  expect(result.disagreement).toContain('the router says');
});
