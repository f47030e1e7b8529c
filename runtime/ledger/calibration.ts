import type { CalibrationRow } from './batch.ts';

/** Bounds of a learned ratio: beyond them it says more of a fault than of a model. */
const LEAST = 0.25;
const MOST = 4;
/** Weight of an old sample against one that comes one later: about the last 500 count. */
const KEEP = 1 - 1 / 500;
/** Samples that the estimate itself stands for, so that the first answers do not swing it. */
const PRIOR = 20;

/** What one settled attempt teaches; null where it was not estimated or not told. */
export interface Sample {
  readonly estimatedOutput: number | null;
  readonly actualOutput: number | null;
  readonly estimatedCost: number | null;
  readonly actualCost: number | null;
}

export const UNCALIBRATED: Omit<CalibrationRow, 'model'> = {
  samples: 0,
  estimated_output: 0,
  actual_output: 0,
  estimated_cost: 0,
  actual_cost: 0,
};

/** A row that has learned one more sample: sums that fade, so that their ratio is right in aggregate, not on average over attempts. */
export function learn(row: CalibrationRow, sample: Sample): CalibrationRow {
  const [estimatedOutput, actualOutput] = pair(sample.estimatedOutput, sample.actualOutput);
  const [estimatedCost, actualCost] = pair(sample.estimatedCost, sample.actualCost);
  return {
    model: row.model,
    samples: row.samples + 1,
    estimated_output: row.estimated_output * KEEP + estimatedOutput,
    actual_output: row.actual_output * KEEP + actualOutput,
    estimated_cost: row.estimated_cost * KEEP + estimatedCost,
    actual_cost: row.actual_cost * KEEP + actualCost,
  };
}

function pair(estimated: number | null, actual: number | null): [number, number] {
  return estimated === null || actual === null || !(estimated > 0) ? [0, 0] : [estimated, actual];
}

/** Learned ratios by model: actual over estimated, 1 where nothing was learned. */
export class Calibration {
  readonly #rows = new Map<string, CalibrationRow>();

  take(rows: readonly CalibrationRow[]): void {
    for (const row of rows) this.#rows.set(row.model, row);
  }

  /** What to multiply an estimate of output tokens by. */
  output(model: string): number {
    const row = this.#rows.get(model);
    return row === undefined ? 1 : ratio(row.estimated_output, row.actual_output, row.samples);
  }

  /** What to multiply an estimate of cost by, where it was made without `output`. */
  cost(model: string): number {
    const row = this.#rows.get(model);
    return row === undefined ? 1 : ratio(row.estimated_cost, row.actual_cost, row.samples);
  }

  get rows(): readonly CalibrationRow[] {
    return [...this.#rows.values()];
  }
}

function ratio(estimated: number, actual: number, samples: number): number {
  if (estimated <= 0) return 1;
  const prior = (estimated / Math.min(samples, 1 / (1 - KEEP))) * PRIOR;
  return Math.min(MOST, Math.max(LEAST, (actual + prior) / (estimated + prior)));
}
