/** Counts of good and failed requests over a sliding time: `size` buckets of `width` ms, the oldest overwritten. */
export class OutcomeBuckets {
  readonly #width: number;
  readonly #period: Float64Array;
  readonly #ok: Uint32Array;
  readonly #failed: Uint32Array;

  constructor(size: number, width: number) {
    this.#width = width;
    this.#period = new Float64Array(size).fill(-1);
    this.#ok = new Uint32Array(size);
    this.#failed = new Uint32Array(size);
  }

  add(now: number, ok: boolean): void {
    const period = Math.floor(now / this.#width);
    const slot = period % this.#period.length;
    if (this.#period[slot] !== period) {
      this.#period[slot] = period;
      this.#ok[slot] = 0;
      this.#failed[slot] = 0;
    }
    if (ok) this.#ok[slot]++;
    else this.#failed[slot]++;
  }

  /** Failed share of the requests within the window, 0 where there were none. */
  failedShare(now: number): number {
    const { ok, failed } = this.count(now);
    return failed === 0 ? 0 : failed / (ok + failed);
  }

  count(now: number): { ok: number; failed: number } {
    const oldest = Math.floor(now / this.#width) - this.#period.length;
    let ok = 0;
    let failed = 0;
    for (let slot = 0; slot < this.#period.length; slot++) {
      if (this.#period[slot] <= oldest) continue;
      ok += this.#ok[slot];
      failed += this.#failed[slot];
    }
    return { ok, failed };
  }
}
