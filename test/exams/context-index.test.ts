import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Space } from '../../runtime/orchestrator/context/embedding/space.ts';
import { nameSpace } from '../../runtime/orchestrator/context/embedding/space.ts';
import { VectorIndex } from '../../runtime/orchestrator/context/embedding/vector-index.ts';
import { ingest, remove } from '../../runtime/orchestrator/context/ingest.ts';
import { Preparer } from '../../runtime/orchestrator/context/preparation/preparer.ts';
import type { ContextTables } from '../../runtime/orchestrator/context/tables.ts';
import { openVectors } from '../../runtime/orchestrator/context/vectors/open-vectors.ts';
import type { Store } from '../../runtime/store/store.ts';
import { embed } from '../vectors/embedding-upstream.ts';
import type { JsonServer } from '../vectors/json-server.ts';
import { startQdrant } from '../vectors/qdrant-server.ts';
import { SHELVES, type Shelf } from './store/stores.ts';

/** A vector store follows the database: through outages, restarts and removals, and never shows what is out of scope. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const SPACE: Space = { asked: 'e', answered: 'e', dimensions: 64 };
const RED = { owner: 'red', namespace: null, source: null, metadata: {} };

let shelf: Shelf;
let store: Store;
let qdrant: JsonServer;
let preparer: Preparer;
const closing: (() => Promise<void>)[] = [];
beforeEach(async () => {
  shelf = await SHELVES['sqlite in the same thread']!();
  store = await shelf.open();
  qdrant = await startQdrant();
  preparer = new Preparer();
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await preparer.close();
  await qdrant.stop();
  await store.close();
  await shelf.remove();
});

function open(named: string): VectorIndex {
  const index = new VectorIndex(store, openVectors(named, null, '', store), 'test');
  closing.push(() => index.close());
  return index;
}

/** Takes a text in, and writes its embedding as the embedder does. */
async function take(owner: string, id: string, text: string, metadata: Record<string, string> = {}): Promise<void> {
  await ingest(
    store,
    preparer,
    owner,
    { namespace: 'n', source: 's', privacy: 'unrestricted', documents: [{ id, text, metadata }] },
    1_000,
  );
  const tables = store.tables<ContextTables>();
  const open = await tables
    .selectFrom('context_chunks as c')
    .leftJoin('context_embeddings as e', 'e.chunk', 'c.seq')
    .select(['c.seq', 'c.text'])
    .where('e.chunk', 'is', null)
    .execute();
  for (const { seq, text } of open) {
    const vector = Buffer.from(Float32Array.from(embed(text)).buffer);
    await tables
      .insertInto('context_embeddings')
      .values({ chunk: seq, space: nameSpace(SPACE), vector })
      .execute();
  }
}

const find = async (index: VectorIndex, text: string, scope = RED): Promise<number[]> =>
  (await index.search(SPACE, Float32Array.from(embed(text)), scope, 10)).map(({ chunk }) => chunk);
const upserts = (): number => qdrant.received.filter(({ method, path }) => method === 'PUT' && path.endsWith('/points')).length;

test('a server that was away is brought up to date when it is back; what it has is not sent again', async () => {
  const index = open(`qdrant:${qdrant.url}`);
  await take('red', 'a', 'car');
  await index.follow(SPACE);
  expect([await index.isBehind(SPACE), index.problem]).toEqual([false, null]);
  expect(await find(index, 'automobile')).toHaveLength(1);
  qdrant.fault = () => 'reset';
  await take('red', 'b', 'vehicle');
  await index.follow(SPACE);
  expect(index.problem).toContain('did not answer');
  expect(await index.isBehind(SPACE)).toBe(true);
  await expect(find(index, 'automobile')).rejects.toMatchObject({ code: 'unreachable' });
  qdrant.fault = null;
  await index.follow(SPACE);
  expect([await index.isBehind(SPACE), index.problem]).toEqual([false, null]);
  expect(await find(index, 'automobile')).toHaveLength(2);
  // Another server in its place has nothing.
  const { port } = qdrant;
  await qdrant.stop();
  qdrant = await startQdrant(null, port);
  const later = open(`qdrant:${qdrant.url}`);
  await later.follow(SPACE);
  expect(await find(later, 'automobile')).toHaveLength(2);
  const before = upserts();
  const another = open(`qdrant:${qdrant.url}`);
  await another.follow(SPACE);
  expect(upserts()).toBe(before);
  expect(await find(another, 'automobile')).toHaveLength(2);
});

test('what is removed or replaced goes from the server, too, and is found by nobody before it does', async () => {
  const index = open(`qdrant:${qdrant.url}`);
  await take('red', 'a', 'car');
  await take('red', 'b', 'vehicle');
  await index.follow(SPACE);
  const count = async (): Promise<number> => {
    const answer = await fetch(`${qdrant.url}/collections/policyd_test_${nameSpace(SPACE)}/points/count`, {
      method: 'POST',
      body: '{"exact":true}',
    });
    return ((await answer.json()) as { result: { count: number } }).result.count;
  };
  expect(await count()).toBe(2);
  await remove(store, 'red', 'n', 's', 'a');
  await take('red', 'b', 'doctor');
  expect(await find(index, 'automobile')).toEqual([]);
  expect(await count()).toBe(2);
  await index.follow(SPACE);
  expect(await count()).toBe(1);
  expect(await find(index, 'physician')).toHaveLength(1);
});

test('one in memory is filled from the database, whatever it had before', async () => {
  await take('red', 'a', 'car');
  const first = open('memory');
  await first.follow(SPACE);
  await take('red', 'b', 'vehicle');
  const second = open('memory');
  expect(await second.isBehind(SPACE)).toBe(true);
  await Promise.all([first.follow(SPACE), second.follow(SPACE), second.follow(SPACE)]);
  for (const index of [first, second]) expect(await find(index, 'automobile')).toHaveLength(2);
});

test('a scope holds whatever the vector store says, and metadata that takes many out leaves enough', async () => {
  for (let i = 0; i < 60; i++) await take('red', `d${i}`, `car number ${i}`, { part: i % 20 === 0 ? 'rare' : 'common' });
  await take('blue', 'x', 'car');
  const index = open('memory');
  await index.follow(SPACE);
  expect(await find(index, 'car', { ...RED, metadata: { part: 'rare' } })).toHaveLength(3);
  const blue = (await find(index, 'car', { ...RED, owner: 'blue' }))[0];
  expect(await find(index, 'car')).not.toContain(blue);
  // A store that gives another's chunks is not believed.
  const liar = open('memory');
  await liar.follow(SPACE);
  const tables = store.tables<ContextTables>();
  await tables.updateTable('context_documents').set({ owner: 'green' }).where('owner', '=', 'red').execute();
  expect(await find(liar, 'car')).toEqual([]);
});
