import { seededRandom } from '../../../compiler/prove/states.ts';

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A statistic of paired samples with its 95 % interval: percentiles over resamples with replacement, the same ones every time. */
export function bootstrap<T>(samples: readonly T[], statistic: (drawn: readonly T[]) => number, resamples = 2_000): Interval {
  const random = seededRandom(0x5eed);
  const values = Array.from({ length: resamples }, () =>
    statistic(Array.from({ length: samples.length }, () => samples[Math.floor(random() * samples.length)])),
  ).sort((a, b) => a - b);
  return { value: statistic(samples), low: values[Math.floor(resamples * 0.025)], high: values[Math.ceil(resamples * 0.975) - 1] };
}
