import { describe, expect, test } from 'vitest';
import { analyzeRequest, type Judgement, judge } from '../../../compiler/interpret/interpret.ts';
import { CODE } from '../../../schema/decision.ts';
import { TARGET_STATE, type TargetMetrics } from '../../../schema/snapshot.ts';
import { type BudgetStatus, RELAXATIONS, type Relaxation } from '../../../schema/vocabulary.ts';
import { buildPolicySet, buildQuestion, buildSnapshot, type QuestionSketch, type Sketch } from '../../build/policy-set.ts';

const { DOWN, FULL, LOADING } = TARGET_STATE;

interface Scene extends Sketch {
  readonly ask?: Partial<QuestionSketch>;
  /** State bits by target row. */
  readonly state?: readonly number[];
  readonly metrics?: Readonly<Record<number, Partial<TargetMetrics>>>;
  readonly spent?: Readonly<Record<number, BudgetStatus>>;
  readonly excluded?: readonly number[];
}

function decide({ ask, state = [], metrics, spent, excluded, ...sketch }: Scene): Judgement {
  const set = buildPolicySet(sketch);
  const byRow = Object.fromEntries(state.map((bits, row) => [row, { state: bits, ...metrics?.[row] }]));
  const asked = analyzeRequest(set, buildQuestion({ model: 'm', ...ask }));
  return judge(set, asked, buildSnapshot(set, { ...metrics, ...byRow }, spent), new Set(excluded));
}

function code(
  target: number,
  { link = 0, relaxed = 'none', bits = 0 }: { link?: number; relaxed?: Relaxation; bits?: number } = {},
): number {
  return target | (RELAXATIONS.indexOf(relaxed) << CODE.RELAXED_SHIFT) | (link << CODE.LINK_SHIFT) | bits;
}

const two: Sketch = {
  backends: [{ name: 'a', priority: 60 }, { name: 'b' }],
  targets: [
    { backend: 'a', model: 'm' },
    { backend: 'b', model: 'm' },
  ],
};

describe('one link', () => {
  test('the best target that is left', () => {
    expect(decide(two).code).toBe(code(0));
    expect(decide({ ...two, state: [DOWN] }).code).toBe(code(1));
    expect(decide({ ...two, excluded: [0] }).code).toBe(code(1));
  });
  test('its trace', () => {
    const { links } = decide({ ...two, state: [DOWN] });
    expect(links).toHaveLength(1);
    expect(links[0]).toMatchObject({ model: 0, candidates: [0, 1], order: [1] });
    expect([...links[0].hard]).toEqual([
      [0, { stage: 'SchedulerReconciler', axis: 'live' }],
      [1, null],
    ]);
  });
  test('a loading choice is said to be loading', () => {
    expect(decide({ ...two, state: [LOADING] }).code).toBe(code(0, { bits: CODE.LOADING }));
    expect(decide({ ...two, state: [0, LOADING] }).code).toBe(code(0));
  });
  test('nothing left: reject', () => {
    expect(decide({ ...two, state: [DOWN, DOWN] }).code).toBe(CODE.REJECT);
    expect(decide({ ...two, excluded: [0, 1] }).code).toBe(CODE.REJECT);
  });
  test('a request with a problem: reject, nothing tried', () => {
    expect(decide({ ...two, ask: { model: 'x' } })).toEqual({ code: CODE.REJECT, links: [] });
  });
});

describe('floors', () => {
  /** Row 0 has tier and quality, 1 lacks tier, 2 lacks quality, 3 lacks both; 3 is the cheapest. */
  const four: Sketch = {
    backends: [{ name: 'a' }],
    targets: [
      { backend: 'a', model: 't', tier: 3, quality: 700_000, price: { input: 9, output: 9 } },
      { backend: 'a', model: 'u', tier: 2, quality: 700_001, price: { input: 9, output: 9 } },
      { backend: 'a', model: 'v', tier: 3, quality: 600_000, price: { input: 5, output: 5 } },
      { backend: 'a', model: 'w', tier: 2, quality: 500_000, price: { input: 1, output: 1 } },
    ],
    virtual: { m: ['*'] },
  };
  const scene = (strict: boolean, fallbackAllowed: boolean, down: readonly number[], ask: Partial<QuestionSketch>): Scene => ({
    ...four,
    policies: [{ minTier: 3, fallbackAllowed }],
    categories: [{ name: 'C', minQuality: 700_000, strict, objective: 'quality' }],
    state: [0, 1, 2, 3].map((row) => (down.includes(row) ? DOWN : 0)),
    ask,
  });
  const flexible = { flexible: true };
  test.each<[string, Scene, number]>([
    ['a: all hold', scene(false, true, [], flexible), code(0)],
    ['b: tier', scene(false, true, [0], flexible), code(1, { relaxed: 'tier' })],
    ['c: quality', scene(false, true, [0, 1], flexible), code(2, { relaxed: 'quality' })],
    ['d: both', scene(false, true, [0, 1, 2], flexible), code(3, { relaxed: 'tier+quality' })],
    ['not flexible: no b', scene(false, true, [0], {}), code(2, { relaxed: 'quality' })],
    ['strict wins', scene(false, true, [0], { flexible: true, strict: true }), code(2, { relaxed: 'quality' })],
    ['not flexible: no d', scene(false, true, [0, 2], {}), CODE.REJECT],
    ['not permitted: no b', scene(false, false, [0], flexible), code(2, { relaxed: 'quality' })],
    ['strict category: b', scene(true, true, [0], flexible), code(1, { relaxed: 'tier' })],
    ['strict category: no c', scene(true, true, [0, 1], flexible), CODE.REJECT],
    ['strict category: no d', scene(true, true, [0, 1, 2], flexible), CODE.REJECT],
  ])('%s', (_, given, expected) => {
    expect(decide(given).code).toBe(expected);
  });
  test('c and d rank by cost', () => {
    const backends = [1, 2, 3].map((priority) => ({ name: `b${priority}`, priority }));
    const targets = [900_000, 800_000, 850_000].map((quality, row) => ({
      backend: `b${row + 1}`,
      model: 'm',
      tier: row + 1,
      quality,
      price: { input: 3 - row, output: 0 },
    }));
    const given: Scene = { backends, targets, categories: [{ name: 'C', minQuality: 950_000, objective: 'quality' }] };
    expect(decide(given).links[0].order).toEqual([2, 1, 0]);
    expect(decide({ ...given, policies: [{ minTier: 4 }], ask: flexible }).links[0].order).toEqual([2, 1, 0]);
    expect(decide({ ...given, categories: [{ name: 'C', objective: 'quality' }] }).links[0].order).toEqual([0, 2, 1]);
  });
  test('verdicts read the floors as they were finally read', () => {
    const stages = (given: Scene) => [...decide(given).links[0].hard.values()].map((verdict) => verdict?.stage ?? null);
    const [live, tier, quality] = ['SchedulerReconciler', 'TierReconciler', 'QualityReconciler'];
    expect(stages(scene(false, true, [0], flexible))).toEqual([live, null, quality, quality]);
    expect(stages(scene(false, true, [0, 1], flexible))).toEqual([live, tier, null, tier]);
    expect(stages(scene(true, true, [0, 1], flexible))).toEqual([live, live, quality, quality]);
    expect(stages(scene(false, true, [0, 1, 2, 3], flexible))).toEqual([live, live, live, live]);
  });
  test('what stages exclude by themselves is read strictly', () => {
    const { stageExcludes } = decide(scene(false, true, [0, 1, 2], flexible)).links[0];
    expect(stageExcludes.TierReconciler).toEqual(new Set([1, 3]));
    expect(stageExcludes.QualityReconciler).toEqual(new Set([2, 3]));
  });
});

describe('fallbacks', () => {
  const chain: Sketch = {
    backends: [{ name: 'a' }, { name: 'c', type: 'openai' }],
    targets: [
      { backend: 'a', model: 'm' },
      { backend: 'a', model: 'n' },
      { backend: 'c', model: 'o' },
    ],
    fallbacks: { m: ['n', 'o'] },
  };
  test('the first link that has a choice', () => {
    expect(decide({ ...chain, state: [DOWN] }).code).toBe(code(1, { link: 1 }));
    const both = decide({ ...chain, state: [DOWN, DOWN] });
    expect(both.code).toBe(code(2, { link: 2 }));
    expect(both.links.map(({ model }) => model)).toEqual([0, 1, 2]);
  });
  test('not where the policy forbids fallback', () => {
    const { code: given, links } = decide({ ...chain, state: [DOWN], policies: [{ fallbackAllowed: false }] });
    expect(given).toBe(CODE.REJECT);
    expect(links).toHaveLength(1);
  });
  test('the policy of the name that was asked for holds on every link', () => {
    const policies = [{ match: { model: ['m'] }, privacy: 'restricted' as const }];
    expect(decide({ ...chain, state: [DOWN, DOWN], policies }).code).toBe(CODE.REJECT);
  });
  test('a budget of a model holds on its link', () => {
    const budgets = [{ hardLimitAction: 'block_all' as const, scope: { model: 'n' } }];
    expect(decide({ ...chain, state: [DOWN], budgets, spent: { 0: 'HardLimit' } }).code).toBe(code(2, { link: 2 }));
  });
  test('a relaxed floor on an earlier link goes before a later link', () => {
    expect(
      decide({
        ...chain,
        targets: [{ backend: 'a', model: 'm', quality: 1 }, ...chain.targets!.slice(1)],
        categories: [{ name: 'C', minQuality: 2 }],
      }).code,
    ).toBe(code(0, { relaxed: 'quality' }));
  });
});

describe('full', () => {
  test('waits for the best that is full where nothing else is left', () => {
    expect(decide({ ...two, state: [FULL, FULL] }).code).toBe(code(0, { bits: CODE.FULL }));
    expect(decide({ ...two, state: [DOWN, FULL] }).code).toBe(code(1, { bits: CODE.FULL }));
    expect(decide({ ...two, state: [FULL | DOWN, FULL], excluded: [1] }).code).toBe(CODE.REJECT);
    expect(decide({ ...two, state: [FULL, FULL], excluded: [0] }).code).toBe(code(1, { bits: CODE.FULL }));
  });
  test('not while something serves', () => {
    expect(decide({ ...two, state: [FULL, LOADING] }).code).toBe(code(1, { bits: CODE.LOADING }));
  });
  test('full and loading', () => {
    expect(decide({ ...two, state: [FULL | LOADING, DOWN] }).code).toBe(code(0, { bits: CODE.FULL | CODE.LOADING }));
  });
  test('on the first link that has one, after all links were tried', () => {
    const chain: Sketch = {
      targets: [
        { backend: 'local', model: 'm' },
        { backend: 'local', model: 'n' },
        { backend: 'local', model: 'o' },
      ],
      fallbacks: { m: ['n', 'o'] },
    };
    expect(decide({ ...chain, state: [FULL, DOWN, 0] }).code).toBe(code(2, { link: 2 }));
    expect(decide({ ...chain, state: [FULL, FULL, DOWN] }).code).toBe(code(0, { bits: CODE.FULL }));
    expect(decide({ ...chain, state: [DOWN, FULL, FULL] }).code).toBe(code(1, { link: 1, bits: CODE.FULL }));
    expect(decide({ ...chain, state: [DOWN, FULL, FULL], policies: [{ fallbackAllowed: false }] }).code).toBe(CODE.REJECT);
  });
});

describe('soft limits', () => {
  const backends = [
    { name: 'cloud', type: 'openai' as const, priority: 100 },
    { name: 'local', priority: 1 },
  ];
  const given: Scene = {
    backends,
    targets: [
      { backend: 'cloud', model: 'm' },
      { backend: 'local', model: 'm' },
    ],
    callers: [{ name: 'k', team: 't' }],
    virtual: { v: ['m'] },
  };
  test.each<[string, Scene, number]>([
    ['normal: the order stands', { budgets: [{}] }, 0],
    ['soft: local first', { budgets: [{}], spent: { 0: 'SoftLimit' } }, 1],
    ['hard with warn: local first', { budgets: [{ hardLimitAction: 'warn' }], spent: { 0: 'HardLimit' } }, 1],
    ['whatever its backend', { budgets: [{ scope: { backend: 'cloud' } }], spent: { 0: 'SoftLimit' } }, 1],
    ['not of another team', { budgets: [{ scope: { team: 'u' } }], spent: { 0: 'SoftLimit' } }, 0],
    ['by model', { budgets: [{ scope: { model: 'm' } }], spent: { 0: 'SoftLimit' } }, 1],
    ['not of another model', { budgets: [{ scope: { model: 'v' } }], spent: { 0: 'SoftLimit' } }, 0],
  ])('%s', (_, scene, target) => {
    expect(decide({ ...given, ...scene }).code).toBe(code(target));
  });
});
