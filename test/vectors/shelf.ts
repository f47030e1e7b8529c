export type Tags = Readonly<Record<string, unknown>>;

interface Held {
  readonly vector: readonly number[];
  readonly tags: Tags;
}

/** The vectors of one collection of a server of the tests: every one is looked at. */
export class Shelf {
  readonly rows = new Map<string, Held>();
  /** Null until the first vector says, as with Weaviate. */
  dimensions: number | null;

  constructor(dimensions: number | null) {
    this.dimensions = dimensions;
  }

  nearest(vector: readonly number[], k: number, holds: (tags: Tags) => boolean): { id: string; cosine: number }[] {
    return [...this.rows]
      .filter(([, { tags }]) => holds(tags))
      .map(([id, held]) => ({ id, cosine: cosine(vector, held.vector) }))
      .sort((a, b) => b.cosine - a.cosine)
      .slice(0, k);
  }
}

function cosine(a: readonly number[], b: readonly number[]): number {
  let dot = 0;
  let left = 0;
  let right = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i];
    left += a[i] * a[i];
    right += b[i] * b[i];
  }
  return dot / Math.sqrt(left * right);
}
