import { findSample, type Samples } from './read-metrics.ts';

/** How long decisions took, since the server started. */
export interface DecisionTimes {
  readonly count: number;
  /** Decisions over `from` and up to `to`, both in ms; the last has no end. */
  readonly buckets: readonly { readonly from: number; readonly to: number; readonly count: number }[];
  /** Upper bounds in ms, for a bucket is all that is known; Infinity beyond the last. */
  readonly p50: number;
  readonly p99: number;
  /** Over the budget of 1 ms. */
  readonly over: number;
}

const NAME = 'policyd_decision_seconds';
/** The budget of a decision, in ms. */
export const BUDGET = 1;

/** The histogram that the server keeps, out of its metrics. Null where it has none. */
export function readDecisionTimes(samples: Samples): DecisionTimes | null {
  const cumulated = (samples.get(`${NAME}_bucket`) ?? []).filter(({ labels }) => labels.phase === 'total');
  const count = findSample(samples, `${NAME}_count`, { phase: 'total' });
  if (count === null || cumulated.length === 0) return null;
  const bounds = cumulated
    .map(({ labels, value }) => ({
      to: labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number((Number(labels.le) * 1e3).toPrecision(6)),
      value,
    }))
    .sort((a, b) => a.to - b.to);
  const buckets = bounds.map(({ to, value }, at) => ({
    from: at === 0 ? 0 : bounds[at - 1].to,
    to,
    count: value - (at === 0 ? 0 : bounds[at - 1].value),
  }));
  const quantile = (share: number): number => bounds.find(({ value }) => value >= count * share)?.to ?? 0;
  return {
    count,
    buckets,
    p50: count === 0 ? 0 : quantile(0.5),
    p99: count === 0 ? 0 : quantile(0.99),
    over: buckets.reduce((sum, bucket) => sum + (bucket.from >= BUDGET ? bucket.count : 0), 0),
  };
}
