import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { digestOf, type Ingestion } from '../../runtime/orchestrator/context/document.ts';
import { LEASE, Lease } from '../../runtime/orchestrator/context/embedding/lease.ts';
import { enterSpace, leaveSpace, nameInstallation, readSpace } from '../../runtime/orchestrator/context/embedding/space.ts';
import { ingest, remove, removeOthers } from '../../runtime/orchestrator/context/ingest.ts';
import { keepPack, makePack, readPack } from '../../runtime/orchestrator/context/pack/pack.ts';
import { Preparer } from '../../runtime/orchestrator/context/preparation/preparer.ts';
import { countPending } from '../../runtime/orchestrator/context/search/count-pending.ts';
import type { Scope } from '../../runtime/orchestrator/context/search/query.ts';
import { rankByKeywords } from '../../runtime/orchestrator/context/search/rank-by-keywords.ts';
import { readChunks } from '../../runtime/orchestrator/context/search/read-results.ts';
import type { ContextTables } from '../../runtime/orchestrator/context/tables.ts';
import type { Store } from '../../runtime/store/store.ts';
import { SHELVES, type Shelf } from './store/stores.ts';

/** What is taken in and found by words, over every database: the same on each of them. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const MOST = 10_000;
const preparer = new Preparer();
afterAll(() => preparer.close());

const WORDS = ['router', 'budget', 'policy', 'agent', 'queue', 'ledger', 'stream', 'vector', 'token', 'shadow', 'canary', 'zone'];
/** The same texts on every run: words come as often as a small generator says. */
const CORPUS = Array.from({ length: 60 }, (_, i) => {
  let state = i * 2_654_435_761 + 1;
  const next = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 8;
  return {
    id: `d${String(i).padStart(2, '0')}`,
    text: Array.from({ length: 5 + (next() % 60) }, () => WORDS[next() % WORDS.length]).join(' '),
    metadata: { row: i % 3 },
  };
});

const ORDERS = new Map<string, string[]>();
const documents = (
  of: readonly { id: string; text: string; metadata?: Ingestion['documents'][number]['metadata'] }[],
  more: Partial<Ingestion> = {},
): Ingestion => ({
  namespace: 'default',
  source: 'docs',
  privacy: 'unrestricted',
  documents: of.map((document) => ({ metadata: {}, ...document })),
  ...more,
});
const scopeOf = (owner: string | null, more: Partial<Scope> = {}): Scope => ({
  owner,
  namespace: null,
  source: null,
  metadata: {},
  ...more,
});

for (const [name, make] of Object.entries(SHELVES)) {
  const suite = make === null ? describe.skip : describe;
  suite(make === null ? `${name} (no PostgreSQL answers)` : name, () => {
    let shelf: Shelf;
    let store: Store;
    beforeAll(async () => {
      shelf = await make!();
      store = await shelf.open();
    });
    afterAll(async () => {
      await store.close();
      await shelf.remove();
    });
    beforeEach(async () => {
      for (const table of ['context_documents', 'context_totals', 'context_state', 'context_packs', 'context_removed'] as const)
        await store.tables<ContextTables>().deleteFrom(table).execute();
    });

    const take = (owner: string, ingestion: Ingestion, most = MOST) => ingest(store, preparer, owner, ingestion, most);
    const find = async (text: string, scope: Scope, most = 100): Promise<{ id: string; score: number }[]> => {
      const tables = store.tables<ContextTables>();
      const ranked = await rankByKeywords(tables, text, scope, most);
      const found = await readChunks(
        tables,
        ranked.map(({ chunk }) => chunk),
        scope,
      );
      return ranked.map(({ chunk, score }) => ({ id: found.get(chunk)!.document, score }));
    };
    const idsOf = async (text: string, scope: Scope): Promise<string[]> => (await find(text, scope)).map(({ id }) => id);

    test('the order is that of BM25, and the same on every database', async () => {
      await take('a', documents(CORPUS));
      for (const query of ['router', 'budget policy', 'shadow canary zone zones Tokens', 'nothing of it', WORDS.join(' ')]) {
        const found = await find(query, scopeOf('a'));
        const expected = bm25(CORPUS, query.toLowerCase().replace('zones', 'zone').replace('tokens', 'token').split(' '));
        expect(
          found.map(({ id }) => id),
          query,
        ).toEqual(expected.map(({ id }) => id));
        for (const [i, { score }] of found.entries()) expect(score).toBeCloseTo(expected[i].score, 5);
        const order = found.map(({ id, score }) => `${id} ${score}`);
        expect(order).toEqual(ORDERS.get(query) ?? order);
        ORDERS.set(query, order);
      }
    });

    test('nobody finds what another one has, by no filter; who may see all does', async () => {
      const [first, second] = [CORPUS[0], CORPUS[1]];
      await take('team red', documents([{ ...first, text: 'zebra crossing' }]));
      await take(
        'team blue',
        documents([
          { ...second, text: 'zebra stripes' },
          { id: first.id, text: 'the same id of another owner' },
        ]),
      );
      expect(await idsOf('zebra', scopeOf('team red'))).toEqual(['d00']);
      expect(await idsOf('zebra', scopeOf('team blue'))).toEqual(['d01']);
      expect(await idsOf('zebra', scopeOf('team green'))).toEqual([]);
      expect(await idsOf('zebra', scopeOf("team red' or '1'='1"))).toEqual([]);
      expect((await idsOf('zebra', scopeOf(null))).sort()).toEqual(['d00', 'd01']);
      const [{ chunk }] = await rankByKeywords(store.tables<ContextTables>(), 'stripes', scopeOf('team blue'), 1);
      expect((await readChunks(store.tables<ContextTables>(), [chunk], scopeOf('team red'))).size).toBe(0);
      expect(await remove(store, 'team red', 'default', 'docs', 'd01')).toBe(false);
      // How often a word comes at others' changes nobody's scores.
      const before = await find('zebra', scopeOf('team red'));
      await take('team blue', documents(CORPUS.map(({ id }) => ({ id: `more-${id}`, text: 'zebra zebra zebra' }))));
      expect(await find('zebra', scopeOf('team red'))).toEqual(before);
    });

    test('filters by namespace, source and metadata', async () => {
      await take('a', documents(CORPUS.slice(0, 9)));
      await take('a', documents([{ id: 'n', text: WORDS.join(' ') }], { namespace: 'other' }));
      await take('a', documents([{ id: 's', text: WORDS.join(' '), metadata: { flag: true, name: 'x y' } }], { source: 'mail' }));
      const all = WORDS.join(' ');
      expect(await idsOf(all, scopeOf('a', { namespace: 'other' }))).toEqual(['n']);
      expect(await idsOf(all, scopeOf('a', { source: 'mail' }))).toEqual(['s']);
      expect(await idsOf(all, scopeOf('a', { metadata: { flag: 'true', name: 'x y' } }))).toEqual(['s']);
      expect(await idsOf(all, scopeOf('a', { metadata: { flag: 'false' } }))).toEqual([]);
      expect((await idsOf(all, scopeOf('a', { metadata: { row: '1' } }))).sort()).toEqual(['d01', 'd04', 'd07']);
    });

    test('the same again is no change; another text replaces all of it; sums are what is there', async () => {
      const long = { id: 'long', text: Array.from({ length: 30 }, (_, i) => `## Part ${i}\n\n${'word '.repeat(80)}`).join('\n\n') };
      const first = await take('a', documents([long, ...CORPUS.slice(0, 3)]));
      expect(first.map(({ status }) => status)).toEqual(['created', 'created', 'created', 'created']);
      expect(first[0].chunks).toBeGreaterThan(5);
      expect((await take('a', documents([long, CORPUS[0]]))).map(({ status }) => status)).toEqual(['unchanged', 'unchanged']);
      expect((await take('a', documents([long], { privacy: 'restricted' })))[0].status).toBe('replaced');
      expect((await take('a', documents([{ id: 'long', text: 'short now' }])))[0]).toEqual({ id: 'long', status: 'replaced', chunks: 1 });
      expect(await idsOf('part word', scopeOf('a'))).toEqual([]);
      await checkSums(store);
      expect(await remove(store, 'a', 'default', 'docs', 'long')).toBe(true);
      expect(await removeOthers(store, 'a', 'default', 'docs', ['d01'])).toBe(2);
      await checkSums(store);
      expect(await store.tables<ContextTables>().selectFrom('context_postings').select('term').where('owner', '=', 'b').execute()).toEqual(
        [],
      );
      const gone = await store.tables<ContextTables>().selectFrom('context_removed').select('chunk').execute();
      const there = await store.tables<ContextTables>().selectFrom('context_chunks').select('seq').execute();
      expect(gone.some(({ chunk }) => there.some(({ seq }) => seq === chunk))).toBe(false);
    });

    test('numbers of chunks are never given again', async () => {
      const [one] = await take('a', documents([CORPUS[0]])).then(() =>
        store.tables<ContextTables>().selectFrom('context_chunks').select('seq').execute(),
      );
      await remove(store, 'a', 'default', 'docs', 'd00');
      await take('a', documents([CORPUS[1]]));
      const [two] = await store.tables<ContextTables>().selectFrom('context_chunks').select('seq').execute();
      expect(two.seq).toBeGreaterThan(one.seq);
    });

    test('who has as much as it may is told so, and nothing of that document stays', async () => {
      await take('a', documents(CORPUS.slice(0, 5)), 5);
      await expect(take('a', documents([CORPUS[5]]), 5)).rejects.toMatchObject({
        status: 409,
        code: 'context_full',
        reasons: [{ code: 'context_chunks', limit: 5, held: 5, asked: 1 }],
      });
      await take('b', documents([CORPUS[5]]), 5);
      // What takes no more room than it had is no matter of room.
      await take('a', documents([{ id: 'd00', text: 'another text' }]), 5);
      await checkSums(store);
    });

    test('who takes in the same at the same time makes it once', async () => {
      const all = await Promise.all(Array.from({ length: 6 }, () => take('a', documents(CORPUS.slice(0, 20)))));
      for (let row = 0; row < 20; row++) expect(all.filter((one) => one[row].status === 'created')).toHaveLength(1);
      await Promise.all(CORPUS.slice(0, 8).map(({ text }, i) => take('a', documents([{ id: 'd00', text: `${text} ${i}` }]))));
      await checkSums(store);
    });

    test('what is pending is what has no embedding', async () => {
      await take('a', documents(CORPUS.slice(0, 4)));
      await take('b', documents(CORPUS.slice(0, 2)));
      expect(await countPending(store.tables())).toBe(6);
      expect(await countPending(store.tables(), scopeOf('b'))).toBe(2);
      await store.tables<ContextTables>().updateTable('context_documents').set({ embedded: 1 }).where('owner', '=', 'a').execute();
      expect(await countPending(store.tables())).toBe(2);
    });

    test('one has the lease; who is not heard of loses it', async () => {
      const [one, two] = [new Lease(store, 'work'), new Lease(store, 'work')];
      const taken = await Promise.all([one.take(), two.take()]);
      expect(taken.filter(Boolean)).toHaveLength(1);
      const [holder, other] = taken[0] ? [one, two] : [two, one];
      expect([await other.take(), await holder.take()]).toEqual([false, true]);
      await other.release();
      expect(await other.take()).toBe(false);
      await holder.release();
      expect(await other.take()).toBe(true);
      const later = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + LEASE + 1);
      expect(await holder.take()).toBe(true);
      later.mockRestore();
    });

    test('the first space stays until it is left, which makes everything pending again', async () => {
      const space = (answered: string) => ({ asked: 'e', answered, dimensions: 3 });
      const entered = await Promise.all([enterSpace(store, space('x')), enterSpace(store, space('y'))]);
      expect(entered[0]).toEqual(entered[1]);
      await take('a', documents([CORPUS[0]]));
      await store.tables<ContextTables>().updateTable('context_documents').set({ embedded: 1 }).execute();
      await leaveSpace(store, space('never'));
      expect(await countPending(store.tables())).toBe(0);
      await leaveSpace(store, entered[0]);
      expect(await readSpace(store)).toBeNull();
      expect(await countPending(store.tables())).toBe(1);
      const installation = await nameInstallation(store, 'aaaa');
      expect(await nameInstallation(store, 'bbbb')).toBe(installation);
    });

    test('a pack is made once', async () => {
      const result = {
        id: 'chunk-1',
        document: 'd',
        namespace: 'n',
        source: 's',
        heading: null,
        text: 'words',
        tokens: 1,
        metadata: {},
        score: 1,
        ranks: {},
      };
      const named = { job: 'job-1', owner: 'a', query: 'q', budget: 50, degraded: null };
      const packs = await Promise.all([
        keepPack(store, makePack(named, [result])),
        keepPack(store, makePack({ ...named, query: 'other' }, [])),
      ]);
      expect(packs[0]).toEqual(packs[1]);
      expect(await readPack(store, 'job-1')).toEqual(packs[0]);
      expect(await readPack(store, 'job-2')).toBeNull();
    });
  });
}

afterEach(() => vi.restoreAllMocks());

test('the order in which metadata is written is no other document', () => {
  const document = { id: 'x', text: 't', metadata: { a: 1, b: 2 } };
  expect(digestOf(document, 'restricted')).toBe(digestOf({ ...document, metadata: { b: 2, a: 1 } }, 'restricted'));
  expect(digestOf(document, 'restricted')).not.toBe(digestOf(document, 'unrestricted'));
});

async function checkSums(store: Store): Promise<void> {
  const tables = store.tables<ContextTables>();
  const rows = await tables.selectFrom('context_documents').select(['seq', 'owner', 'chunks', 'terms']).execute();
  const chunks = await tables.selectFrom('context_chunks').select(['document', 'terms']).execute();
  for (const { seq, chunks: counted, terms } of rows) {
    const own = chunks.filter(({ document }) => document === seq);
    expect([own.length, own.reduce((sum, chunk) => sum + chunk.terms, 0)]).toEqual([counted, terms]);
  }
  for (const { owner, ...sums } of await tables.selectFrom('context_totals').selectAll().execute()) {
    const own = rows.filter((row) => row.owner === owner);
    expect(sums).toEqual({
      documents: own.length,
      chunks: own.reduce((sum, row) => sum + row.chunks, 0),
      terms: own.reduce((sum, row) => sum + row.terms, 0),
    });
  }
}

/** The formula, once more and simply: k1 = 1.2, b = 0.75. */
function bm25(corpus: readonly { id: string; text: string }[], query: readonly string[]): { id: string; score: number }[] {
  const texts = corpus.map(({ id, text }) => ({ id, words: text.split(' ') }));
  const average = texts.reduce((sum, { words }) => sum + words.length, 0) / texts.length;
  const scored = texts.map(({ id, words }) => {
    let score = 0;
    for (const term of new Set(query)) {
      const holding = texts.filter((text) => text.words.includes(term)).length;
      const times = words.filter((word) => word === term).length;
      if (times === 0) continue;
      const idf = Math.log(1 + (texts.length - holding + 0.5) / (holding + 0.5));
      score += (idf * times * 2.2) / (times + 1.2 * (0.25 + (0.75 * words.length) / average));
    }
    return { id, score: Math.round(score * 1e6) / 1e6 };
  });
  // Equal scores: who was taken in first, which is the order of ids.
  return scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
}
