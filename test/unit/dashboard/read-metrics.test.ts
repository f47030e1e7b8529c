import fc from 'fast-check';
import { Gauge, Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { readDecisionTimes } from '../../../runtime/dashboard/page/decision-times.ts';
import { findSample, readMetrics } from '../../../runtime/dashboard/page/read-metrics.ts';

test('what prom-client writes is read as it was meant, whatever stands in a label', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 12 }), fc.double({ noNaN: true })), { maxLength: 5 }),
      async (values) => {
        const registry = new Registry();
        const gauge = new Gauge({ name: 'a_gauge', help: 'say {x="y"} 1', labelNames: ['target'], registers: [registry] });
        const last = new Map(values);
        for (const [target, value] of values) gauge.set({ target }, value);
        const samples = readMetrics(await registry.metrics());
        for (const [target, value] of last) expect(findSample(samples, 'a_gauge', { target })).toBe(value + 0);
      },
    ),
  );
});

test('every decision is in one bucket, and those over the budget are counted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double({ min: 1e-6, max: 0.1, noNaN: true }), { maxLength: 40 }), async (seconds) => {
      const registry = new Registry();
      const histogram = new Histogram({
        name: 'policyd_decision_seconds',
        help: 'x',
        labelNames: ['phase'],
        buckets: [0.000005, 0.0001, 0.001, 0.01],
        registers: [registry],
      });
      for (const value of seconds) histogram.observe({ phase: 'total' }, value);
      histogram.observe({ phase: 'analyze' }, 1);
      const times = readDecisionTimes(readMetrics(await registry.metrics()));
      if (seconds.length === 0) {
        expect(times).toBe(null);
        return;
      }
      expect(times!.count).toBe(seconds.length);
      expect(times!.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(seconds.length);
      expect(times!.over).toBe(seconds.filter((value) => value > 0.001).length);
      const sorted = seconds.toSorted((a, b) => a - b);
      const exact = sorted[Math.ceil(seconds.length * 0.99) - 1] * 1e3;
      expect(times!.p99).toBeGreaterThanOrEqual(exact * 0.999_999);
    }),
  );
});

test('text that is no metric is left out', () => {
  expect([...readMetrics('# HELP x y\nnonsense\n\na 1\n')]).toEqual([['a', [{ labels: {}, value: 1 }]]]);
  expect(readDecisionTimes(new Map())).toBe(null);
});
