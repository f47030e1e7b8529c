import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openVectors } from '../../runtime/orchestrator/context/vectors/open-vectors.ts';
import type { VectorFilter, VectorRow, VectorStore, VectorTags } from '../../runtime/orchestrator/context/vectors/vector-store.ts';
import { VectorError } from '../../runtime/orchestrator/context/vectors/vector-error.ts';
import type { Store } from '../../runtime/store/store.ts';
import type { JsonServer } from '../vectors/json-server.ts';
import { startMilvus } from '../vectors/milvus-server.ts';
import { openPgvector, WHY_NO_PGVECTOR } from '../vectors/pgvector.ts';
import { startQdrant } from '../vectors/qdrant-server.ts';
import { startWeaviate } from '../vectors/weaviate-server.ts';

/** One contract, every store: in memory, sqlite-vec, pgvector, and what speaks as Qdrant, Weaviate and Milvus do. */
interface Candidate {
  readonly store: VectorStore;
  /** Another process's view of the same vectors; null: there is none. */
  again(): VectorStore | null;
  /** The server behind it; null: none. */
  readonly server: JsonServer | null;
  remove(): Promise<void>;
}

const NO_DATABASE = { kind: 'sqlite' } as Store;
const KEY = 'the-key-of-the-vector-store';

async function onServer(kind: string, start: (key: string) => Promise<JsonServer>): Promise<Candidate> {
  const server = await start(KEY);
  const open = (): VectorStore => openVectors(`${kind}:${server.url}`, KEY, '', NO_DATABASE);
  return { store: open(), again: open, server, remove: () => server.stop() };
}

const CANDIDATES: Readonly<Record<string, (() => Promise<Candidate>) | null>> = {
  memory: async () => ({ store: openVectors('memory', null, '', NO_DATABASE), again: () => null, server: null, remove: async () => {} }),
  sqlite: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'policyd-vectors-'));
    const open = (): VectorStore => openVectors('sqlite', null, folder, NO_DATABASE);
    return { store: open(), again: open, server: null, remove: async () => rmSync(folder, { recursive: true, force: true }) };
  },
  pgvector:
    openPgvector === null
      ? null
      : async () => {
          const { store, remove } = await openPgvector!();
          const open = (): VectorStore => openVectors('pgvector', null, '', store);
          return { store: open(), again: open, server: null, remove };
        },
  qdrant: () => onServer('qdrant', startQdrant),
  weaviate: () => onServer('weaviate', startWeaviate),
  milvus: () => onServer('milvus', startMilvus),
};

const TAGS: VectorTags = { owner: 'team red', namespace: 'default', source: 'docs' };
const ANY: VectorFilter = { owner: null, namespace: null, source: null };
const row = (id: number, vector: readonly number[], tags: Partial<VectorTags> = {}): VectorRow => ({
  id,
  vector: Float32Array.from(vector),
  tags: { ...TAGS, ...tags },
});
const ids = (hits: readonly { id: number }[]): number[] => hits.map(({ id }) => id);

for (const [name, make] of Object.entries(CANDIDATES)) {
  const suite = make === null ? describe.skip : describe;
  suite(make === null ? `${name} (${WHY_NO_PGVECTOR})` : name, () => {
    let candidate: Candidate;
    beforeEach(async () => {
      candidate = await make!();
    });
    afterEach(async () => {
      await candidate.store.close();
      await candidate.remove();
    });

    test('what is nearest comes first, with its cosine, as many as are asked for', async () => {
      const collection = await candidate.store.open('c', 2);
      await collection.upsert([row(1, [1, 0]), row(2, [2, 2]), row(3, [0, 3]), row(4, [-1, 0])]);
      const hits = await collection.search(Float32Array.of(5, 0), 3, ANY);
      expect(ids(hits)).toEqual([1, 2, 3]);
      for (const [i, cosine] of [1, Math.SQRT1_2, 0].entries()) expect(hits[i].score).toBeCloseTo(cosine, 5);
      expect(ids(await collection.search(Float32Array.of(5, 0), 10, ANY))).toEqual([1, 2, 3, 4]);
      expect(await collection.count()).toBe(4);
    });

    test('the last vector of an id stays, and none that was removed', async () => {
      const collection = await candidate.store.open('c', 2);
      await collection.upsert([row(1, [1, 0]), row(2, [0, 1]), row(1, [0, 1])]);
      await collection.upsert([row(2, [1, 0], { source: 'mail' })]);
      expect(await collection.count()).toBe(2);
      expect(ids(await collection.search(Float32Array.of(1, 0), 1, ANY))).toEqual([2]);
      expect(ids(await collection.search(Float32Array.of(1, 0), 9, { ...ANY, source: 'mail' }))).toEqual([2]);
      expect(ids(await collection.search(Float32Array.of(1, 0), 9, { ...ANY, source: 'docs' }))).toEqual([1]);
      await collection.remove([2, 77]);
      expect(ids(await collection.search(Float32Array.of(1, 0), 9, ANY))).toEqual([1]);
      expect(await collection.count()).toBe(1);
      await collection.remove([]);
      await collection.upsert([]);
      expect(await collection.count()).toBe(1);
    });

    test('a filter takes out all others, whatever their values hold', async () => {
      const collection = await candidate.store.open('c', 2);
      const odd = ['team red', 'team "red"', "team 'red", 'team \\red', 'team red} or {', 'équipe 赤', 'team red"] || true'];
      await collection.upsert(odd.map((owner, i) => row(i + 1, [1, i / 100], { owner })));
      await collection.upsert([row(50, [1, 0], { namespace: 'other' }), row(51, [1, 0], { source: 'mail' })]);
      for (const [i, owner] of odd.entries()) {
        const filter = { owner, namespace: 'default', source: 'docs' };
        expect(ids(await collection.search(Float32Array.of(1, 0), 100, filter)), owner).toEqual([i + 1]);
      }
      expect(await collection.search(Float32Array.of(1, 0), 100, { ...ANY, owner: 'nobody' })).toEqual([]);
      expect(ids(await collection.search(Float32Array.of(1, 0), 100, { ...ANY, namespace: 'other' }))).toEqual([50]);
    });

    test('vectors of other dimensions are told apart at once, and so are those that are no direction', async () => {
      const collection = await candidate.store.open('c', 3);
      const refused = async (work: Promise<unknown>): Promise<VectorError> => {
        const error = await work.then(
          () => null,
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(VectorError);
        return error as VectorError;
      };
      const wrong = await refused(collection.upsert([row(1, [1, 0, 0]), row(2, [1, 0])]));
      expect(wrong).toMatchObject({ code: 'dimensions', message: expect.stringMatching(/2 dimensions .* 3 \[dimensions\] help: /) });
      expect(await collection.count()).toBe(0);
      expect((await refused(collection.search(Float32Array.of(1), 1, ANY))).code).toBe('dimensions');
      for (const vector of [
        [0, 0, 0],
        [Number.NaN, 1, 1],
        [Number.POSITIVE_INFINITY, 1, 1],
      ]) {
        expect((await refused(collection.upsert([row(1, vector)]))).code).toBe('vector');
      }
      expect((await refused(collection.upsert([row(0, [1, 1, 1])]))).code).toBe('vector');
      await collection.upsert([row(1, [1, 0, 0])]);
      // A store that does not remember the dimensions of what is empty says so at the first vector.
      const other = candidate.store.open('c', 4).then((opened) => opened.upsert([row(2, [1, 0, 0, 0])]));
      expect((await refused(other)).code).toBe('dimensions');
    });

    test('collections know nothing of each other', async () => {
      const one = await candidate.store.open('one', 2);
      const two = await candidate.store.open('two', 2);
      await one.upsert([row(1, [1, 0])]);
      await two.upsert([row(2, [1, 0])]);
      expect(ids(await one.search(Float32Array.of(1, 0), 9, ANY))).toEqual([1]);
      await two.remove([1]);
      expect(await one.count()).toBe(1);
    });

    test('who comes later finds what is there, and opening it twice is no harm', async () => {
      await (await candidate.store.open('c', 2)).upsert([row(7, [1, 0])]);
      expect(await (await candidate.store.open('c', 2)).count()).toBe(1);
      const again = candidate.again();
      expect(again === null).toBe(candidate.store.forgets);
      if (again === null) return;
      expect(ids(await (await again.open('c', 2)).search(Float32Array.of(1, 0), 9, ANY))).toEqual([7]);
      await again.close();
    });

    test('it is what looking at every vector gives', { timeout: 120_000 }, async () => {
      const component = fc.integer({ min: -8, max: 8 });
      const vector = fc.array(component, { minLength: 3, maxLength: 3 }).filter((values) => values.some((value) => value !== 0));
      const owners = fc.constantFrom('a', 'b');
      const steps = fc.array(
        fc.oneof(
          fc.record({ put: fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), vector, owners), { minLength: 1, maxLength: 6 }) }),
          fc.record({ drop: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }) }),
          fc.record({ ask: vector, k: fc.integer({ min: 1, max: 6 }), owner: fc.option(owners) }),
        ),
        { minLength: 1, maxLength: 14 },
      );
      let made = 0;
      await fc.assert(
        fc.asyncProperty(steps, async (script) => {
          const collection = await candidate.store.open(`law_${made++}`, 3);
          const model = new Map<number, { vector: number[]; owner: string }>();
          for (const step of script) {
            if ('put' in step) {
              await collection.upsert(step.put.map(([id, values, owner]) => row(id, values, { owner })));
              for (const [id, values, owner] of step.put) model.set(id, { vector: values, owner });
            } else if ('drop' in step) {
              await collection.remove(step.drop);
              for (const id of step.drop) model.delete(id);
            } else {
              const hits = await collection.search(Float32Array.from(step.ask), step.k, { ...ANY, owner: step.owner });
              const all = [...model].filter(([, { owner }]) => step.owner === null || owner === step.owner);
              const scores = new Map(all.map(([id, held]) => [id, cosine(step.ask, held.vector)]));
              const best = [...scores.values()].sort((a, b) => b - a).slice(0, step.k);
              expect(hits).toHaveLength(best.length);
              // Which of equals it is, is the store's to choose; no score may be worse than it could be, nor be another's.
              for (const [i, { id, score }] of hits.entries()) {
                expect(score).toBeCloseTo(best[i], 4);
                expect(score).toBeCloseTo(scores.get(id)!, 4);
              }
              expect(new Set(ids(hits)).size).toBe(hits.length);
            }
          }
          expect(await collection.count()).toBe(model.size);
        }),
        { numRuns: 25 },
      );
    });

    test('a server that is away, or says no, is told of, without its key', async () => {
      const { server } = candidate;
      if (server === null) return expect(candidate.store.where).not.toContain('http');
      const collection = await candidate.store.open('c', 2);
      expect(JSON.stringify(server.received.at(-1)!.headers)).toContain(KEY);
      const caught = async (): Promise<VectorError> =>
        collection.upsert([row(1, [1, 0])]).then(
          () => Promise.reject(new Error('it was taken')),
          (error: VectorError) => error,
        );
      server.fault = () => 'reset';
      expect(await caught()).toMatchObject({ code: 'unreachable' });
      server.fault = () => ({ status: 500, body: { error: 'out of order' } });
      expect(await caught()).toMatchObject({ code: 'refused', message: expect.stringContaining('out of order') });
      server.fault = () => ({ status: 200, body: null });
      expect(['refused', 'unreachable']).toContain((await caught().catch(() => ({ code: 'taken' }) as never)).code);
      server.fault = null;
      await collection.upsert([row(1, [1, 0])]);
      const stranger = openVectors(candidate.store.where.replace(' ', ':'), 'another-key', '', NO_DATABASE);
      const refused = await stranger.open('c', 2).then(
        () => null,
        (error: Error) => error,
      );
      expect(refused).toBeInstanceOf(VectorError);
      expect(refused!.message).not.toContain('another-key');
      await stranger.close();
    });
  });
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe('failures inside a 200', () => {
  test('Weaviate: an object of a batch that was not taken', async () => {
    const { store, server, remove } = await onServer('weaviate', startWeaviate);
    const collection = await store.open('c', 2);
    server!.fault = ({ path, body }) =>
      path === '/v1/batch/objects'
        ? {
            status: 200,
            body: body.objects.map((object: object, i: number) => ({
              ...object,
              result: i === 1 ? { status: 'FAILED', errors: { error: [{ message: 'store is read-only' }] } } : { status: 'SUCCESS' },
            })),
          }
        : null;
    await expect(collection.upsert([row(1, [1, 0]), row(2, [1, 0])])).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('read-only'),
    });
    server!.fault = () => ({ status: 200, body: { data: null, errors: [{ message: 'shard is not ready' }] } });
    await expect(collection.search(Float32Array.of(1, 0), 1, ANY)).rejects.toThrow('shard is not ready');
    await store.close();
    await remove();
  });

  test('Milvus: a code beside a status that says all is well', async () => {
    const { store, server, remove } = await onServer('milvus', startMilvus);
    const collection = await store.open('c', 2);
    server!.fault = () => ({ status: 200, body: { code: 9, message: 'quota exceeded[reason=disk quota exceeded]' } });
    await expect(collection.upsert([row(1, [1, 0])])).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('disk quota'),
    });
    await expect(collection.remove([1])).rejects.toThrow('with 9');
    await expect(collection.search(Float32Array.of(1, 0), 1, ANY)).rejects.toThrow('disk quota');
    await store.close();
    await remove();
  });
});

test('a store that is none is refused with words', () => {
  for (const named of ['redis', 'qdrant', 'qdrant:ftp://x', 'qdrant:http://user:secret@x', 'milvus:', 'pgvector']) {
    expect(() => openVectors(named, null, '', NO_DATABASE), named).toThrow(/--vectors/);
  }
});
