import type { Metric, MetricValue, Registry } from 'prom-client';
import { HistogramSeries } from './histogram-series.ts';

/**
 * A histogram whose series are looked up once and then counted into: prom-client's own makes a key out of the labels for every value,
 * which cost more than the decision that was measured. Bounds ascend; the last bucket, `+Inf`, is added.
 */
export class FastHistogram {
  readonly #series = new Map<string, HistogramSeries>();
  readonly #bounds: readonly number[];

  constructor(name: string, help: string, bounds: readonly number[], registry: Registry) {
    this.#bounds = bounds;
    const get = async () => ({
      name,
      help,
      type: 'histogram',
      values: [...this.#series.values()].flatMap((series) => this.#list(name, series)),
    });
    // The registry asks for nothing of a metric but its name and `get`.
    registry.registerMetric({ name, get } as unknown as Metric);
  }

  /** The series of these labels; the same one for the same labels. Their number must be bounded. */
  of(labels: Readonly<Record<string, string>>): HistogramSeries {
    const key = JSON.stringify(Object.values(labels));
    let series = this.#series.get(key);
    if (!series) this.#series.set(key, (series = new HistogramSeries(labels, this.#bounds)));
    return series;
  }

  #list(name: string, { labels, counts, sum }: HistogramSeries): MetricValue<string>[] {
    let count = 0;
    const line = (part: string, more: Record<string, string | number>, value: number): MetricValue<string> & { metricName: string } => ({
      metricName: `${name}_${part}`,
      labels: { ...more, ...labels },
      value,
    });
    const buckets = Array.from(counts, (own, bucket) => line('bucket', { le: this.#bounds[bucket] ?? '+Inf' }, (count += own)));
    return [...buckets, line('sum', {}, sum), line('count', {}, count)];
  }
}
