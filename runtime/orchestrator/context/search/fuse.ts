/** How far the first places stand out; the value of the paper. */
const K = 60;

/** Something that several rankings may hold, each with its place in them, from 1. */
export interface Fused<Id> {
  readonly id: Id;
  readonly score: number;
  /** By ranking; null = it is not in that one. */
  readonly places: readonly (number | null)[];
}

/**
 * One ranking of several: reciprocal rank fusion, the sum of 1 / (60 + place). Scores are not looked at, so that they need not be
 * comparable. G. Cormack, C. Clarke, S. Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods",
 * SIGIR 2009. Equals: who comes earlier in an earlier ranking.
 */
export function fuse<Id>(rankings: readonly (readonly Id[])[]): Fused<Id>[] {
  const found = new Map<Id, (number | null)[]>();
  for (const [row, ranking] of rankings.entries()) {
    for (const [place, id] of ranking.entries()) {
      let places = found.get(id);
      if (places === undefined) found.set(id, (places = rankings.map(() => null)));
      places[row] ??= place + 1;
    }
  }
  const all = [...found].map(([id, places]) => ({
    id,
    places,
    score: places.reduce<number>((sum, place) => sum + (place === null ? 0 : 1 / (K + place)), 0),
  }));
  // The sort keeps the order in which they were found where scores are equal.
  return all.sort((a, b) => b.score - a.score);
}
