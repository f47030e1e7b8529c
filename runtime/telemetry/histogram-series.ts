/** The values of one combination of labels, counted by upper bound. Plain numbers in one array: a value costs a few nanoseconds. */
export class HistogramSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** By bucket, not cumulated; the last one has no upper bound. */
  readonly counts: Float64Array;
  sum = 0;
  readonly #bounds: readonly number[];

  constructor(labels: Readonly<Record<string, string>>, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]) bucket++;
    this.counts[bucket]++;
    this.sum += value;
  }
}
