import { VectorError } from './vector-error.ts';
import { MOST_HITS, type VectorCollection, type VectorFilter, type VectorHit, type VectorRow } from './vector-store.ts';

/** Most numbers of a vector; the largest models in use give 4,096. */
export const MOST_DIMENSIONS = 8_192;

/**
 * A vector of length 1, so that its inner product with another one is the cosine.
 *
 * @throws VectorError where it has another number of dimensions, is no direction, or holds what is no number.
 */
export function toUnit(vector: Float32Array, dimensions: number): Float32Array {
  if (vector.length !== dimensions) {
    const message = `a vector of ${vector.length} dimensions does not fit among those of ${dimensions} [dimensions] help: one collection is of one model`;
    throw new VectorError('dimensions', message);
  }
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (!(sum > 0) || !Number.isFinite(sum)) {
    throw new VectorError(
      'vector',
      'a vector must have finite numbers, not all 0 [vector] help: look at what the model of embeddings answers',
    );
  }
  const factor = 1 / Math.sqrt(sum);
  return vector.map((value) => value * factor);
}

/** A collection that asks its store for what is right only. `most`: rows of one call to it. */
export function checkVectors(collection: VectorCollection, most: number): VectorCollection {
  const { dimensions } = collection;
  return {
    dimensions,
    async upsert(rows) {
      const last = new Map<number, VectorRow>();
      for (const { id, vector, tags } of rows) {
        if (!Number.isSafeInteger(id) || id < 1)
          throw new VectorError('vector', `\`${id}\` is no id of a vector [vector] help: whole numbers from 1`);
        last.set(id, { id, vector: toUnit(vector, dimensions), tags });
      }
      const all = [...last.values()];
      for (let at = 0; at < all.length; at += most) await guard(collection.upsert(all.slice(at, at + most)));
    },
    async remove(ids) {
      const all = [...new Set(ids)];
      for (let at = 0; at < all.length; at += most) await guard(collection.remove(all.slice(at, at + most)));
    },
    async search(vector: Float32Array, k: number, filter: VectorFilter): Promise<VectorHit[]> {
      const unit = toUnit(vector, dimensions);
      const hits = await guard(collection.search(unit, Math.max(1, Math.min(k, MOST_HITS)), filter));
      // Stores tell equals apart in their own ways.
      return [...hits].sort((a, b) => b.score - a.score || a.id - b.id);
    },
    count: () => guard(collection.count()),
  };
}

/** What is no answer of such a store at all is its failure, too. */
async function guard<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof VectorError) throw error;
    throw new VectorError('refused', `the vector store answered what cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
