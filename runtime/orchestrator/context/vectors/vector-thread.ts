import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { MemoryVectors } from './memory-vectors.ts';
import { SqliteVectors } from './sqlite-vectors.ts';
import { VectorError } from './vector-error.ts';
import type { VectorFilter, VectorRow } from './vector-store.ts';

/** What `ThreadedVectors` asks of its thread. */
export type VectorQuestion = { readonly name: string } & (
  | { readonly verb: 'open'; readonly dimensions: number }
  | { readonly verb: 'upsert'; readonly rows: readonly VectorRow[] }
  | { readonly verb: 'remove'; readonly ids: readonly number[] }
  | { readonly verb: 'search'; readonly vector: Float32Array; readonly k: number; readonly filter: VectorFilter }
  | { readonly verb: 'count' }
  | { readonly verb: 'close' }
);

/** Collections by name, as one of the two stores that work in a thread has them. */
interface Shelf {
  answer(question: VectorQuestion): unknown;
}

/** The thread that searches vectors: looking at 100,000 of them takes tens of ms, which nobody else should wait for. */
serve(parentPort!, workerData.file === undefined ? inMemory() : onDisk(workerData.file));

function serve(port: MessagePort, shelf: Shelf): void {
  port.on('message', ({ id, ...question }: { id: number } & VectorQuestion) => {
    try {
      port.postMessage({ id, result: shelf.answer(question as VectorQuestion) });
    } catch (error) {
      const { message } = error as Error;
      port.postMessage({ id, result: { problem: message, code: error instanceof VectorError ? error.code : 'refused' } });
    }
  });
}

function inMemory(): Shelf {
  const collections = new Map<string, MemoryVectors>();
  return {
    answer(question) {
      if (question.verb === 'open') {
        const known = collections.get(question.name);
        if (known !== undefined && known.dimensions !== question.dimensions) {
          const message = `collection \`${question.name}\` is of ${known.dimensions} dimensions, not of ${question.dimensions} [dimensions] help: one collection is of one model`;
          throw new VectorError('dimensions', message);
        }
        if (known === undefined) collections.set(question.name, new MemoryVectors(question.dimensions));
        return null;
      }
      if (question.verb === 'close') return null;
      const collection = collections.get(question.name);
      if (collection === undefined) throw new VectorError('unreachable', `collection \`${question.name}\` was lost with its thread`);
      switch (question.verb) {
        case 'upsert':
          return collection.upsert(question.rows);
        case 'remove':
          return collection.remove(question.ids);
        case 'search':
          return collection.search(question.vector, question.k, question.filter);
        case 'count':
          return collection.size;
      }
    },
  };
}

function onDisk(file: string): Shelf {
  let vectors: SqliteVectors | null = null;
  return {
    answer(question) {
      vectors ??= new SqliteVectors(file);
      switch (question.verb) {
        case 'open':
          return vectors.open(question.name, question.dimensions);
        case 'upsert':
          return vectors.upsert(question.name, question.rows);
        case 'remove':
          return vectors.remove(question.name, question.ids);
        case 'search':
          return vectors.search(question.name, question.vector, question.k, question.filter);
        case 'count':
          return vectors.count(question.name);
        case 'close':
          return vectors.close();
      }
    },
  };
}
