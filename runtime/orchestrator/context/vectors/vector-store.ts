/** What vectors are told apart by: a search may ask for one value of each. */
export interface VectorTags {
  readonly owner: string;
  readonly namespace: string;
  readonly source: string;
}

/** Null: any. */
export type VectorFilter = { readonly [Tag in keyof VectorTags]: string | null };

export const TAG_NAMES = ['owner', 'namespace', 'source'] as const satisfies readonly (keyof VectorTags)[];

export interface VectorRow {
  /** A whole number from 1 to 2^53. */
  readonly id: number;
  readonly vector: Float32Array;
  readonly tags: VectorTags;
}

export interface VectorHit {
  readonly id: number;
  /** Cosine of the angle between the two, -1 to 1. */
  readonly score: number;
}

/** Most that a search gives. */
export const MOST_HITS = 1_000;

/** Vectors of one space: all have as many numbers. Throws `VectorError`s only. */
export interface VectorCollection {
  readonly dimensions: number;
  /** The last one of an id stays. Found by every search that begins when it has resolved. */
  upsert(rows: readonly VectorRow[]): Promise<void>;
  /** Ids that are not there do no harm. */
  remove(ids: readonly number[]): Promise<void>;
  /** The `k` (at most `MOST_HITS`) that are nearest, best first; a store may be approximate. */
  search(vector: Float32Array, k: number, filter: VectorFilter): Promise<VectorHit[]>;
  count(): Promise<number>;
}

/** Where vectors are kept and searched, behind one port: one exam, `test/exams/vectors.test.ts`. */
export interface VectorStore {
  /** For people: `memory`, or its kind and address. Never holds a secret. */
  readonly where: string;
  /** It forgets at its end, and has to be told everything again. */
  readonly forgets: boolean;
  /** Makes it where it is missing. `name`: `^[a-z][a-z0-9_]{0,47}$`. @throws VectorError `dimensions` where it is there with others. */
  open(name: string, dimensions: number): Promise<VectorCollection>;
  close(): Promise<void>;
}
