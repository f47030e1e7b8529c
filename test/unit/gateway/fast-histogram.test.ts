import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { FastHistogram } from '../../../runtime/telemetry/fast-histogram.ts';

const BOUNDS = [0.005, 0.25, 1, 10];

test('it says what the histogram of prom-client says, for any values', async () => {
  const label = fc.constantFrom('house', 'a "quoted" one', 'back\\slash');
  const value = fc.oneof(fc.constantFrom(...BOUNDS), fc.double({ min: 0, max: 20, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(label, value), { minLength: 1, maxLength: 60 }), async (observed) => {
      const [own, theirs] = [new Registry(), new Registry()];
      const fast = new FastHistogram('seconds', 'what took how long', BOUNDS, own);
      const histogram = new Histogram({
        name: 'seconds',
        help: 'what took how long',
        labelNames: ['backend'],
        buckets: BOUNDS,
        registers: [theirs],
      });
      for (const [backend, seconds] of observed) {
        fast.of({ backend }).observe(seconds);
        histogram.observe({ backend }, seconds);
      }
      const lines = async (registry: Registry) => (await registry.metrics()).trim().split('\n').sort();
      expect(await lines(own)).toEqual(await lines(theirs));
    }),
  );
});
