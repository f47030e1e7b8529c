/** Something to be timed. What `run` returns is consumed, so that no work can be optimized away. */
export interface Contestant {
  readonly name: string;
  /** Operations of one `run`. */
  readonly operations: number;
  /** Makes the inputs of the next `run`; not timed. */
  prepare?(round: number): void;
  run(): number | Promise<number>;
}

export interface Timing {
  readonly name: string;
  /** Median over the rounds, nanoseconds an operation. */
  readonly nanoseconds: number;
  /** By round, nanoseconds an operation. */
  readonly rounds: readonly number[];
}

export interface RaceOptions {
  /** Timed rounds; at least 7. */
  readonly rounds: number;
  /** How long one contestant runs in a round, in milliseconds. */
  readonly slice: number;
}

let sink = 0;

/**
 * Times contestants against one another: every round lets each run for one slice, beginning with another one each time, so that a
 * disturbance of the machine meets all of them; a slice is several `run`s, each on newly prepared inputs. Rounds before the first one
 * warm up and are not kept. One timestamp costs more than a decision: a `run` must hold thousands of operations.
 */
export async function race(contestants: readonly Contestant[], { rounds, slice }: RaceOptions): Promise<Timing[]> {
  const kept = contestants.map((): number[] => []);
  for (let round = -4; round < rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const row = (turn + round + 4) % contestants.length;
      const nanoseconds = await time(contestants[row]!, round, slice);
      if (round >= 0) kept[row]!.push(nanoseconds);
    }
  }
  if (Number.isNaN(sink)) throw new Error('a contestant returned no number');
  return contestants.map(({ name }, row) => ({ name, nanoseconds: medianOf(kept[row]!), rounds: kept[row]! }));
}

/** Nanoseconds an operation over one slice: the median of its runs. */
async function time(contestant: Contestant, round: number, slice: number): Promise<number> {
  const samples: number[] = [];
  for (let spent = 0; spent < slice; ) {
    contestant.prepare?.(round);
    const start = performance.now();
    const result = contestant.run();
    sink += typeof result === 'number' ? result : await result;
    const elapsed = performance.now() - start;
    spent += elapsed;
    samples.push((elapsed * 1e6) / contestant.operations);
  }
  return medianOf(samples);
}

/** Median over the rounds of the ratio within a round. */
export const ratioOf = (one: Timing, other: Timing): number => medianOf(one.rounds.map((value, round) => value / other.rounds[round]!));

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
