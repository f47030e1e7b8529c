import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Calibration, learn, UNCALIBRATED } from '../../../runtime/ledger/calibration.ts';

const sampleOf = (estimated: number, actual: number) => ({
  estimatedOutput: estimated,
  actualOutput: actual,
  estimatedCost: estimated * 10,
  actualCost: actual * 10,
});

function teach(samples: readonly (readonly [number, number])[]): Calibration {
  const calibration = new Calibration();
  calibration.take([
    samples.reduce((row, [estimated, actual]) => learn(row, sampleOf(estimated, actual)), { model: 'm', ...UNCALIBRATED }),
  ]);
  return calibration;
}

test('ratios stay within 0.25 and 4, whatever they are taught', () => {
  const tokens = fc.nat({ max: 1_000_000 });
  fc.assert(
    fc.property(fc.array(fc.tuple(tokens, tokens), { maxLength: 100 }), (samples) => {
      const calibration = teach(samples);
      for (const ratio of [calibration.output('m'), calibration.cost('m')]) {
        expect(ratio).toBeGreaterThanOrEqual(0.25);
        expect(ratio).toBeLessThanOrEqual(4);
      }
    }),
  );
});

test('it is right in aggregate, forgets slowly, and does not jump at its first samples', () => {
  const steady = teach(Array.from({ length: 2_000 }, (_, i) => (i % 2 === 0 ? [100, 10] : [1_000, 900])));
  expect(steady.output('m')).toBeCloseTo(910 / 1_100, 1);
  const changed = teach([
    ...Array.from({ length: 2_000 }, () => [100, 200] as const),
    ...Array.from({ length: 3_000 }, () => [100, 50] as const),
  ]);
  expect(changed.output('m')).toBeCloseTo(0.52, 1);
  expect(teach([[100, 400]]).output('m')).toBeLessThan(1.2);
  expect(new Calibration().output('unknown')).toBe(1);
});

test('what was not estimated teaches nothing', () => {
  const row = learn({ model: 'm', ...UNCALIBRATED }, { estimatedOutput: null, actualOutput: 9, estimatedCost: 5, actualCost: null });
  expect(row).toEqual({ model: 'm', ...UNCALIBRATED, samples: 1 });
});
