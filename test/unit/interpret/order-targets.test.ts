import { describe, expect, test } from 'vitest';
import { orderTargets } from '../../../compiler/interpret/interpret.ts';
import type { Backend } from '../../../schema/policy-set.ts';
import type { TargetMetrics } from '../../../schema/snapshot.ts';
import type { Objective } from '../../../schema/vocabulary.ts';
import { buildPolicySet, buildSnapshot } from '../../build/policy-set.ts';

interface Candidate extends Partial<TargetMetrics> {
  readonly quality?: number;
  /** Pico-dollars a token of input. */
  readonly price?: number | 'unknown';
  readonly priority?: number;
  readonly type?: Backend['type'];
}

/** Orders targets that stand on a backend each. */
function order(objective: Objective, candidates: readonly Candidate[], soft = false): number[] {
  const set = buildPolicySet({
    backends: candidates.map(({ priority = 50, type = 'ollama' }, row) => ({ name: `b${row}`, priority, type })),
    targets: candidates.map(({ quality = 500_000, price = 0 }, row) => ({
      backend: `b${row}`,
      model: 'm',
      quality,
      price: price === 'unknown' ? price : { input: price, output: 0 },
    })),
  });
  return orderTargets(set, 0, objective, soft, buildSnapshot(set, { ...candidates }));
}

describe('cost', () => {
  test('the price of the reference request, then quality, then declared order', () => {
    // One priority each, so that none dominates another.
    const candidates = [{ price: 2 }, { price: 1, quality: 1 }, { price: 1, quality: 2 }, { price: 'unknown' as const }, { price: 2 }];
    expect(
      order(
        'cost',
        candidates.map((given, row) => ({ ...given, priority: row })),
      ),
    ).toEqual([2, 1, 0, 4, 3]);
  });
  test('input and output of the reference count', () => {
    const set = buildPolicySet({
      backends: [{ name: 'a', priority: 1 }, { name: 'b' }],
      targets: [
        { backend: 'a', model: 'm', price: { input: 1, output: 10 } },
        { backend: 'b', model: 'm', price: { input: 3, output: 1 } },
      ],
      categories: [
        { name: 'LONG-IN', reference: { input: 10, output: 1 } },
        { name: 'LONG-OUT', reference: { input: 1, output: 10 } },
      ],
    });
    expect([0, 1].map((category) => orderTargets(set, category, 'cost', false, buildSnapshot(set)))).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });
});

test('quality: declared quality, then price, then declared order', () => {
  const candidates = [
    { quality: 1, price: 1 },
    { quality: 2, price: 3 },
    { quality: 2, price: 2 },
    { quality: 1, price: 1 },
  ];
  expect(
    order(
      'quality',
      candidates.map((given, row) => ({ ...given, priority: row })),
    ),
  ).toEqual([2, 1, 0, 3]);
});

describe('balanced', () => {
  test.each<[string, Candidate, Candidate]>([
    ['priority', { priority: 50 }, { priority: 51 }],
    ['load', { load: 0.5 }, { load: 0.4 }],
    ['latency', { latency_ema_ms: 200 }, { latency_ema_ms: 100 }],
    ['declared quality', { quality: 400_000, price: 1 }, { quality: 500_000, price: 2 }],
    ['success rate', { success_rate_24h: 0.9 }, { success_rate_24h: 1 }],
  ])('%s', (_, worse, better) => {
    expect(order('balanced', [worse, better])).toEqual([1, 0]);
    expect(order('balanced', [better, worse])).toEqual([0, 1]);
    expect(order('balanced', [worse, worse])).toEqual([0, 1]);
  });
  test('a latency counts from one millisecond on', () => {
    expect(order('balanced', [{ latency_ema_ms: 1 }, { latency_ema_ms: 0.1 }])).toEqual([0, 1]);
  });
  test('an unmeasured target takes the median of its peers', () => {
    expect(order('balanced', [{ latency_ema_ms: 300 }, {}, { latency_ema_ms: 100 }, { latency_ema_ms: 200 }])).toEqual([2, 1, 3, 0]);
    expect(
      order('balanced', [{ latency_ema_ms: 151 }, {}, { latency_ema_ms: 100 }, { latency_ema_ms: 200 }, { latency_ema_ms: 149 }]),
    ).toEqual([2, 4, 1, 0, 3]);
    expect(order('balanced', [{ latency_ema_ms: 100 }, { latency_ema_ms: 0.1 }, {}])).toEqual([1, 2, 0]);
  });
  test('where nothing was measured, latency decides nothing', () => {
    expect(order('balanced', [{ priority: 10 }, { priority: 11, load: 0.05 }])).toEqual([1, 0]);
  });
});

describe('dominated', () => {
  const good = { quality: 600_000, price: 1 };
  test.each<[string, Candidate, Candidate, boolean]>([
    ['worse and dearer', { quality: 500_000, price: 2 }, good, true],
    ['worse at the same price', { quality: 500_000, price: 1 }, good, true],
    ['dearer at the same quality', { quality: 600_000, price: 2 }, good, true],
    ['the same', good, good, false],
    ['cheaper', { quality: 500_000, price: 0 }, good, false],
    ['better', { quality: 700_000, price: 2 }, good, false],
    ['on another priority', { quality: 500_000, price: 2, priority: 51 }, good, false],
  ])('last if %s', (_, candidate, rival, last) => {
    // Idle, so that it would go first by its score.
    expect(order('balanced', [candidate, { ...rival, load: 0.99 }])).toEqual(last ? [1, 0] : [0, 1]);
  });
});

test('soft: local before cloud, before everything else', () => {
  const candidates: Candidate[] = [
    { type: 'openai', priority: 100 },
    { load: 1 },
    { quality: 1, price: 1 },
    { type: 'openai', quality: 1, price: 1 },
  ];
  expect(order('balanced', candidates)).toEqual([0, 1, 2, 3]);
  expect(order('balanced', candidates, true)).toEqual([1, 2, 0, 3]);
});
