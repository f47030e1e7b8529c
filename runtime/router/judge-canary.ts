import type { RouterFigures } from './router-tally.ts';

/** Percent of what the live router has that a canary may have; 0 = any. */
export interface Gates {
  readonly p99: number;
  readonly errors: number;
  readonly rejects: number;
  readonly spend: number;
}

/** The budget of a decision, in µs: what is faster is not slow, however much slower than before. */
const BUDGET = 1_000;
/**
 * How many standard errors a difference must have before it counts. A canary is judged ten times a second: at 4 (1 in 30,000 for one look) chance
 * alone ends hardly any, and twice the rejects show within some hundred decisions.
 */
const SURE = 4;

/** Mean of a figure over decisions, and the variance of a single one. */
interface Sample {
  readonly mean: number;
  readonly variance: number;
  readonly size: number;
}

/**
 * What is worse with a canary than with the live router beside it at the same time, in words; null where nothing is. Shares and cost must be over
 * their gate, and surely higher, and so must the share of decisions that miss their millisecond where the 99th percentile does: over four standard errors (of a difference of proportions, and of means with their own variances, as in
 * Welch's test).
 */
export function judgeCanary(canary: RouterFigures, live: RouterFigures, gates: Gates): string | null {
  if (canary.decisions === 0) return null;
  const both = (count: 'errors' | 'rejects' | 'overBudget') =>
    [canary, live].map((figures) => proportion(figures[count], figures.decisions)) as [Sample, Sample];
  const share = (what: string, count: 'errors' | 'rejects', gate: number): string | null => {
    const [own, beside] = both(count);
    return isWorse(own, beside, gate) ? `${percent(own.mean)} of its requests ${what}, of the live router's ${percent(beside.mean)}` : null;
  };
  const [cost, before] = [canary, live].map(spread);
  // A percentile of some hundred decisions is the third slowest: a machine that is busy elsewhere makes three.
  const slow =
    canary.p99Micros > BUDGET && canary.p99Micros > (live.p99Micros * gates.p99) / 100 && isWorse(...both('overBudget'), gates.p99);
  const found = [
    share('were turned away', 'rejects', gates.rejects),
    share('failed', 'errors', gates.errors),
    slow ? `the 99th percentile of its decisions took ${micros(canary.p99Micros)}, of the live router's ${micros(live.p99Micros)}` : null,
    isWorse(cost, before, gates.spend) ? `a request costs ${dollars(cost.mean)}, with the live router ${dollars(before.mean)}` : null,
  ].filter((words) => words !== null);
  return found.length === 0 ? null : found.join('; ');
}

function isWorse(canary: Sample, live: Sample, gate: number): boolean {
  if (gate === 0 || live.size === 0 || !(canary.mean > (live.mean * gate) / 100)) return false;
  const error = Math.sqrt(canary.variance / canary.size + live.variance / live.size);
  return canary.mean - live.mean > SURE * error;
}

/** With one more of each outcome, so that a share of none is no certainty. */
function proportion(count: number, size: number): Sample {
  const smoothed = (count + 1) / (size + 2);
  return { mean: size === 0 ? 0 : count / size, variance: smoothed * (1 - smoothed), size };
}

function spread({ spent, spentSquares, decisions }: RouterFigures): Sample {
  const mean = decisions === 0 ? 0 : spent / decisions;
  return { mean, variance: decisions === 0 ? 0 : Math.max(0, spentSquares / decisions - mean * mean), size: decisions };
}

const micros = (value: number): string => `${Number(value.toPrecision(3))} µs`;
const percent = (value: number): string => `${Number((value * 100).toFixed(1))} %`;
const dollars = (nanos: number): string => `$${Number((nanos / 1e9).toPrecision(3))}`;
