/** Buckets of decision times, eight to a doubling from 1/16 µs on: an error of at most 9 %. The last one holds all from 233 s on. */
const PER_DOUBLING = 8;
const OFFSET = 4;
const BUCKETS = 256;
/** The first bucket that holds nothing up to 1 ms. */
const OVER_BUDGET = Math.ceil((Math.log2(1_000) + OFFSET) * PER_DOUBLING);
/** Requests and times are kept for the current stretch of time and the one before it. */
const STRETCHES = 2;

/** What a router did in the time that is kept. */
export interface RouterFigures {
  /** Requests that were put to it. */
  readonly decisions: number;
  /** 99th percentile of the time of a decision in µs, rounded down to a bucket's bound; 0 without one. */
  readonly p99Micros: number;
  /** Decisions that took longer than their millisecond. */
  readonly overBudget: number;
  /** Requests that it turned away: no target, or a name it does not know. */
  readonly rejects: number;
  /** Requests that ended with a status of 500 and above though it did not turn them away. */
  readonly errors: number;
  /** Estimated cost of what was served, in nano-dollars, and the sum of the squares. */
  readonly spent: number;
  readonly spentSquares: number;
}

/** Where a tally stood at a moment: what came after it is told by `read`. */
export interface TallyMark extends Omit<RouterFigures, 'p99Micros' | 'overBudget'> {
  readonly timed: number;
  readonly times: Uint32Array;
}

class Stretch {
  readonly times = new Uint32Array(BUCKETS);
  /** With a time each. */
  timed = 0;
  decisions = 0;
  rejects = 0;
  errors = 0;
  spent = 0;
  spentSquares = 0;

  clear(): void {
    this.times.fill(0);
    this.timed = 0;
    this.decisions = 0;
    this.rejects = 0;
    this.errors = 0;
    this.spent = 0;
    this.spentSquares = 0;
  }
}

/** Counts what one router does, in bounded memory: what a swap is judged by. */
export class RouterTally {
  readonly #stretches = Array.from({ length: STRETCHES }, () => new Stretch());
  #current = this.#stretches[0];
  #since = Date.now();
  /** Time of its first decision in µs, null before it. */
  firstMicros: number | null = null;

  decided(micros: number): void {
    this.firstMicros ??= micros;
    this.#current.times[bucketOf(micros)]++;
    this.#current.timed++;
    this.#current.decisions++;
  }

  rejected(): void {
    this.#current.rejects++;
  }

  /** @param nanos estimated cost of a request that was served. */
  spent(nanos: number): void {
    this.#current.spent += nanos;
    this.#current.spentSquares += nanos * nanos;
  }

  /** @param decided false where the router itself broke down, so that `decided` was never told. */
  failed(decided: boolean): void {
    this.#current.errors++;
    if (!decided) this.#current.decisions++;
  }

  /** Begins a new stretch where the current one has lasted `ms`; what is older than the one before is forgotten. */
  rotate(now: number, ms: number): void {
    if (now - this.#since < ms) return;
    this.#since = now;
    this.#current = this.#stretches[(this.#stretches.indexOf(this.#current) + 1) % STRETCHES];
    this.#current.clear();
  }

  /** @param since what is left out; nothing may have been rotated since then. */
  read(since: TallyMark | null = null): RouterFigures {
    const { times, timed, decisions, rejects, errors, spent, spentSquares } = this.mark();
    if (since !== null) for (let bucket = 0; bucket < BUCKETS; bucket++) times[bucket] -= since.times[bucket];
    let overBudget = 0;
    for (let bucket = OVER_BUDGET; bucket < BUCKETS; bucket++) overBudget += times[bucket];
    return {
      decisions: decisions - (since?.decisions ?? 0),
      // A decision that broke down has no time: it counts among the errors, not among the slow.
      p99Micros: percentile(times, 0.99, timed - (since?.timed ?? 0)),
      overBudget,
      rejects: rejects - (since?.rejects ?? 0),
      errors: errors - (since?.errors ?? 0),
      spent: spent - (since?.spent ?? 0),
      spentSquares: spentSquares - (since?.spentSquares ?? 0),
    };
  }

  mark(): TallyMark {
    const sum = (count: (stretch: Stretch) => number): number => this.#stretches.reduce((total, stretch) => total + count(stretch), 0);
    const times = new Uint32Array(BUCKETS);
    for (const stretch of this.#stretches) for (let bucket = 0; bucket < BUCKETS; bucket++) times[bucket] += stretch.times[bucket];
    return {
      times,
      timed: sum(({ timed }) => timed),
      decisions: sum(({ decisions }) => decisions),
      rejects: sum(({ rejects }) => rejects),
      errors: sum(({ errors }) => errors),
      spent: sum(({ spent }) => spent),
      spentSquares: sum(({ spentSquares }) => spentSquares),
    };
  }
}

function percentile(times: Uint32Array, share: number, timed: number): number {
  let left = Math.ceil(timed * share);
  if (left === 0) return 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    left -= times[bucket];
    if (left <= 0) return 2 ** (bucket / PER_DOUBLING - OFFSET);
  }
  throw new Error('invariant: every timed decision is in a bucket');
}

function bucketOf(micros: number): number {
  const bucket = Math.floor((Math.log2(micros) + OFFSET) * PER_DOUBLING);
  return bucket > 0 ? Math.min(BUCKETS - 1, bucket) : 0;
}
