import { describe, expect, test } from 'vitest';
import { analyzeRequest, judge, type LinkTrace } from '../../../compiler/interpret/interpret.ts';
import { UNKNOWN_PRICE } from '../../../schema/policy-set.ts';
import { TARGET_STATE, type TargetMetrics } from '../../../schema/snapshot.ts';
import type { BudgetStatus, Stage } from '../../../schema/vocabulary.ts';
import { buildPolicySet, buildQuestion, buildSnapshot, capabilityBits, type QuestionSketch, type Sketch } from '../../build/policy-set.ts';

interface Scene extends Sketch {
  readonly ask?: Partial<QuestionSketch>;
  readonly metrics?: Readonly<Record<number, Partial<TargetMetrics>>>;
  readonly spent?: Readonly<Record<number, BudgetStatus>>;
  readonly excluded?: readonly number[];
}

/** The first link of a scene over a restricted and an open backend, one model on both. */
function firstLink({ ask, metrics, spent, excluded, ...sketch }: Scene): LinkTrace {
  const set = buildPolicySet({
    backends: [{ name: 'local' }, { name: 'cloud', type: 'openai' }],
    targets: [
      { backend: 'local', model: 'm' },
      { backend: 'cloud', model: 'm' },
    ],
    ...sketch,
  });
  const asked = analyzeRequest(set, buildQuestion({ model: 'm', ...ask }));
  return judge(set, asked, buildSnapshot(set, metrics, spent), new Set(excluded)).links[0];
}

function excludes(stage: Stage, scene: Scene): number[] {
  return [...firstLink(scene).stageExcludes[stage]];
}

const both = (a: object, b: object) => [
  { backend: 'local', model: 'm', ...a },
  { backend: 'cloud', model: 'm', ...b },
];

describe('RequestAnalyzer', () => {
  const virtual = { auto: ['*'], some: ['m'] };
  const targets = [...both({}, {}), { backend: 'cloud', model: 'n' }];
  const classes = [{ name: 'narrow', candidates: ['n'] }, { name: 'wide' }];
  test.each<[string, Scene, number[]]>([
    ['targets of another model', { targets }, [2]],
    ['no target of a wide virtual model', { targets, virtual, ask: { model: 'auto' } }, []],
    ['what a virtual model leaves out', { targets, virtual, ask: { model: 'some' } }, [2]],
    ['what a class leaves out of a virtual model', { targets, virtual, classes, ask: { model: 'auto', class: 'narrow' } }, [0, 1]],
    [
      'all that a class leaves out, and what the virtual model does',
      { targets, virtual, classes, ask: { model: 'some', class: 'narrow' } },
      [0, 1, 2],
    ],
    ['nothing by a class of a real model', { targets, classes, ask: { class: 'narrow' } }, [2]],
    ['nothing by a class without candidates', { targets, virtual, classes, ask: { model: 'auto', class: 'wide' } }, []],
    ['a missing capability', { targets: both({ capabilities: ['chat'] }, {}), ask: { required: capabilityBits(['chat', 'tools']) } }, [0]],
    [
      'a context one token too small',
      { targets: both({ context: 109 }, { context: 110 }), ask: { tokens: 10, maxOutputTokens: 100 } },
      [0],
    ],
    [
      'a context for embeddings',
      { targets: both({ context: 9, capabilities: 16 }, { context: 10, capabilities: 16 }), ask: { endpoint: 'embeddings' } },
      [0],
    ],
  ])('excludes %s', (_, scene, expected) => {
    expect(excludes('RequestAnalyzer', scene)).toEqual(expected);
  });
  test('names its axes', () => {
    const scene = { targets: both({ capabilities: 2 }, { context: 1 }) };
    expect([...firstLink(scene).hard.values()].map((verdict) => verdict?.axis)).toEqual(['capability', 'context']);
  });
});

describe('PrivacyReconciler', () => {
  test('keeps restricted traffic in the restricted zone', () => {
    expect(excludes('PrivacyReconciler', { policies: [{ privacy: 'restricted' }] })).toEqual([1]);
    expect(excludes('PrivacyReconciler', { policies: [{ privacy: 'unrestricted' }] })).toEqual([]);
  });
});

describe('BudgetReconciler: cost', () => {
  const priced = both({ price: { input: 3, output: 0 } }, { price: { input: 1, output: 2 } });
  const ask = { tokens: 10, maxOutputTokens: 10 };
  test.each<[string, Scene, number[]]>([
    ['nothing without a cap', { targets: priced, ask }, []],
    ['nothing at the cap', { targets: priced, ask, policies: [{ maxCost: 30 }] }, []],
    ['an estimate over the cap', { targets: priced, ask, policies: [{ maxCost: 29 }] }, [0, 1]],
    ['output for every answer', { targets: priced, ask: { ...ask, answers: 2 }, policies: [{ maxCost: 30 }] }, [1]],
    ['an unknown price', { targets: both({ price: 'unknown' }, {}), ask, policies: [{ maxCost: UNKNOWN_PRICE }] }, [0]],
    ['nothing free', { ask, policies: [{ maxCost: 0 }] }, []],
  ])('excludes %s', (_, scene, expected) => {
    expect(excludes('BudgetReconciler', scene)).toEqual(expected);
  });
});

describe('BudgetReconciler: budgets', () => {
  const spent = { 0: 'HardLimit' } as const;
  const callers = [{ name: 'k', team: 't' }];
  const categories = [{ name: 'C' }, { name: 'D' }];
  const classes = [{ name: 'c' }, { name: 'd' }];
  const scoped = (scope: object): Scene => ({
    callers,
    categories,
    classes,
    spent,
    budgets: [{ hardLimitAction: 'block_all', scope }],
    fallbacks: {},
  });
  test.each<[string, Scene, number[]]>([
    ['cloud targets by block_cloud', { spent, budgets: [{ hardLimitAction: 'block_cloud' }] }, [1]],
    ['all targets by block_all', { spent, budgets: [{ hardLimitAction: 'block_all' }] }, [0, 1]],
    ['none by warn', { spent, budgets: [{ hardLimitAction: 'warn' }] }, []],
    ['none below the hard limit', { spent: { 0: 'SoftLimit' }, budgets: [{ hardLimitAction: 'block_all' }] }, []],
    ['none by another budget', { spent, budgets: [{ hardLimitAction: 'warn' }, { hardLimitAction: 'block_all' }] }, []],
    ['by category', scoped({ category: 'C' }), [0, 1]],
    ['none of another category', scoped({ category: 'D' }), []],
    ['by class', scoped({ class: 'c' }), [0, 1]],
    ['none of another class', scoped({ class: 'd' }), []],
    ['by key', scoped({ key: 'k' }), [0, 1]],
    ['none of another key', { ...scoped({ key: 'k' }), ask: { caller: 1 } }, []],
    ['by team', scoped({ team: 't' }), [0, 1]],
    ['none of another team', scoped({ team: 'u' }), []],
    ['none without a team', { ...scoped({ team: 't' }), ask: { caller: 1 } }, []],
    ['by backend', scoped({ backend: 'local' }), [0]],
    ['by model', scoped({ model: 'm' }), [0, 1]],
    ['none of another model', { ...scoped({ model: 'v' }), virtual: { v: ['m'] } }, []],
    ['by a virtual model', { ...scoped({ model: 'v' }), virtual: { v: ['m'] }, ask: { model: 'v' } }, [0, 1]],
    ['only where all of the scope holds', scoped({ category: 'C', team: 'u' }), []],
  ])('excludes %s', (_, scene, expected) => {
    expect(excludes('BudgetReconciler', scene)).toEqual(expected);
  });
  test('names its axes, cost before budget', () => {
    const scene: Scene = {
      spent,
      budgets: [{ hardLimitAction: 'block_all' }],
      targets: both({}, { price: 'unknown' }),
      policies: [{ maxCost: 1 }],
    };
    expect([...firstLink(scene).hard.values()].map((verdict) => verdict?.axis)).toEqual(['budget', 'cost']);
  });
});

describe('TierReconciler', () => {
  test('excludes tiers below the policy', () => {
    expect(excludes('TierReconciler', { targets: both({ tier: 2 }, { tier: 3 }), policies: [{ minTier: 3 }] })).toEqual([0]);
  });
});

describe('QualityReconciler', () => {
  const rated = both({ quality: 588_000 }, { quality: 600_000 });
  const slas = [
    { name: 'first', firstToken: 100, at: 'p95' as const },
    { name: 'total', total: 1_000, at: 'p50' as const },
  ];
  const ttft = (at: 'p50' | 'p95', value: number) => ({ ttft_ms: { p50: 0, p90: 0, p95: 0, p99: 0, [at]: value } });
  test.each<[string, Scene, number[]]>([
    ['declared quality under the floor', { targets: rated, categories: [{ name: 'C', minQuality: 600_000 }] }, [0]],
    ['nothing at a relative floor', { targets: rated, categories: [{ name: 'C', relativeQuality: 980_000 }] }, []],
    ['declared quality under a relative floor', { targets: rated, categories: [{ name: 'C', relativeQuality: 980_001 }] }, [0]],
    [
      'relative to the best candidate, class or not',
      {
        targets: [...rated, { backend: 'local', model: 'best', quality: 1_000_000 }],
        virtual: { v: ['*'] },
        classes: [{ name: 'c', candidates: ['m'] }],
        categories: [{ name: 'C', relativeQuality: 600_000 }],
        ask: { model: 'v' },
      },
      [0],
    ],
    [
      'an error rate over the bound',
      { policies: [{ maxErrorRate: 50_000 }], metrics: { 0: { error_rate_1h: 0.05 }, 1: { error_rate_1h: 0.0501 } } },
      [1],
    ],
    [
      'a success rate under the bound',
      { policies: [{ minSuccessRate: 990_000 }], metrics: { 0: { success_rate_24h: 0.989 }, 1: { success_rate_24h: 0.99 } } },
      [0],
    ],
    [
      'a time to first token over the bound',
      { policies: [{ maxTtft: 250 }], metrics: { 0: { avg_ttft_ms: 250 }, 1: { avg_ttft_ms: 251 } } },
      [1],
    ],
    [
      'a first token later than the SLA, at its percentile',
      { slas, policies: [{ sla: 'first' }], metrics: { 0: ttft('p50', 999), 1: ttft('p95', 101) } },
      [1],
    ],
    ['nothing at the SLA', { slas, policies: [{ sla: 'first' }], metrics: { 1: ttft('p95', 100) } }, []],
    [
      'a total over the SLA',
      {
        slas,
        policies: [{ sla: 'total' }],
        metrics: { 0: { ...ttft('p50', 500), ms_per_token: 1 }, 1: { ...ttft('p50', 501), ms_per_token: 1 } },
      },
      [1],
    ],
    [
      "no more output than the category's cap",
      {
        slas,
        categories: [{ name: 'C', sla: 'total', maxOutputTokens: 10 }],
        metrics: { 0: { ms_per_token: 100 }, 1: { ms_per_token: 101 } },
      },
      [1],
    ],
    [
      "by the policy's SLA before the category's",
      {
        slas,
        categories: [{ name: 'C', sla: 'first' }],
        policies: [{ sla: 'total' }],
        metrics: { 0: ttft('p95', 101), 1: { ms_per_token: 100 } },
      },
      [1],
    ],
  ])('excludes %s', (_, scene, expected) => {
    expect(excludes('QualityReconciler', scene)).toEqual(expected);
  });
  test('names its axes', () => {
    const scene: Scene = {
      targets: [...both({ quality: 1 }, {}), { backend: 'cloud', model: 'n' }],
      virtual: { v: ['*'] },
      slas,
      categories: [{ name: 'C', minQuality: 2, strict: true, sla: 'first' }],
      policies: [{ maxTtft: 1 }],
      metrics: { 1: { avg_ttft_ms: 2 }, 2: ttft('p95', 101) },
      ask: { model: 'v' },
    };
    expect([...firstLink(scene).hard.values()].map((verdict) => verdict?.axis)).toEqual(['quality', 'measured', 'sla']);
  });
});

describe('SchedulerReconciler', () => {
  test.each<[string, Scene, number[]]>([
    ['what is down', { metrics: { 0: { state: TARGET_STATE.DOWN } } }, [0]],
    ['what is full', { metrics: { 1: { state: TARGET_STATE.FULL } } }, [1]],
    ['nothing that is loading', { metrics: { 1: { state: TARGET_STATE.LOADING } } }, []],
    ['what is loading and down', { metrics: { 1: { state: TARGET_STATE.LOADING | TARGET_STATE.DOWN } } }, [1]],
    ['what was tried', { excluded: [1] }, [1]],
  ])('excludes %s', (_, scene, expected) => {
    expect(excludes('SchedulerReconciler', scene)).toEqual(expected);
  });
  test('names its axes', () => {
    const scene = { metrics: { 0: { state: TARGET_STATE.DOWN } }, excluded: [0, 1] };
    expect([...firstLink(scene).hard.values()].map((verdict) => verdict?.axis)).toEqual(['live', 'excluded']);
  });
});
