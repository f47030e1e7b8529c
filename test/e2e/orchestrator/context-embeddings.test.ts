import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import pg from 'pg';
import { HAS_POSTGRES, POSTGRES_URL } from '../../exams/store/stores.ts';
import { startQdrant } from '../../vectors/qdrant-server.ts';
import { EmbeddingUpstream } from '../../vectors/embedding-upstream.ts';
import { Policyd, type StartOptions, until } from '../policyd.ts';

interface Found {
  readonly results: { document: string; text: string; score: number; ranks: Record<string, number | null> }[];
  readonly mode: string;
  readonly degraded: string | null;
}

// A busy machine takes its time to start a server.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let inside: EmbeddingUpstream;
let outside: EmbeddingUpstream;
let policyd: Policyd;
beforeEach(async () => {
  inside = await EmbeddingUpstream.start();
  outside = await EmbeddingUpstream.start();
});
afterEach(async () => {
  await policyd.stop();
  await inside.stop();
  await outside.stop();
});

const INSIDE = (): string => `house: { type: vllm, url: "${inside.url}", models: { e: { capabilities: [embeddings] } } }`;
const OUTSIDE = (model = 'e'): string =>
  `rented: { type: generic, url: "${outside.url}", zone: open, models: { ${model}: { capabilities: [embeddings] } } }`;

async function start(backends: readonly string[], more = '', options: StartOptions = {}): Promise<void> {
  policyd = await Policyd.start(`backends: { ${backends.join(', ')} }\n${more}`, options);
}

async function ingest(
  documents: readonly object[],
  more: object = {},
): Promise<{ documents: { id: string; chunks: number; embedded: number }[] }> {
  const answer = await policyd.post('/v1/context/ingest', { source: 'docs', documents, ...more });
  expect(answer.status).toBe(200);
  return (await answer.json()) as never;
}
const search = (query: string): Promise<Found> => policyd.get(`/v1/context/search?${query}`);
const whole = (): Promise<Found> =>
  until(async () => ((await search('q=x')).degraded === null ? search('q=x') : null), 'all embeddings', 120_000);
const documentsOf = ({ results }: Found): string[] => results.map(({ document }) => document);

const DOCUMENTS = [
  { id: 'garage', text: 'Where to park the car at night.' },
  { id: 'clinic', text: 'How to reach the doctor on Sundays.' },
  { id: 'pets', text: 'The cat sleeps all day.', metadata: { room: 'kitchen' } },
];

describe('meaning and words', () => {
  test('are fused: what shares no word is found by its meaning, and what is found by both comes first', async () => {
    await start([INSIDE()]);
    await ingest(DOCUMENTS);
    await whole();
    const found = await search('q=automobile');
    expect(found).toMatchObject({ mode: 'fused', degraded: null });
    expect(found.results[0]).toMatchObject({ document: 'garage', ranks: { semantic: 1, keyword: null } });
    expect((await search('q=automobile&mode=keyword')).results).toEqual([]);
    const both = await search('q=doctor');
    expect(both.results[0]).toMatchObject({ document: 'clinic', ranks: { semantic: 1, keyword: 1 } });
    expect(both.results[0].score).toBeCloseTo(2 / 61, 10);
    const semantic = await search('q=physician&mode=semantic&topK=1');
    expect(semantic).toMatchObject({ mode: 'semantic', results: [{ document: 'clinic' }] });
    expect(semantic.results[0].score).toBeGreaterThan(0.2);
    expect(documentsOf(await search('q=automobile&metadata.room=kitchen'))).toEqual(['pets']);
    const again = await ingest(DOCUMENTS);
    expect(again.documents.map(({ embedded }) => embedded)).toEqual([1, 1, 1]);
    expect(inside.texts.filter((text) => text.includes('park'))).toHaveLength(1);
  });

  test('what is replaced or removed is found neither way any more', async () => {
    await start([INSIDE()]);
    await ingest(DOCUMENTS);
    await whole();
    await ingest([{ id: 'garage', text: 'The kitten is in the garden.' }]);
    await whole();
    expect((await search('q=automobile')).results.map(({ text }) => text)).not.toContain(DOCUMENTS[0].text);
    expect(documentsOf(await search('q=feline&mode=semantic&topK=2')).sort()).toEqual(['garage', 'pets']);
    const removed = await fetch(`${policyd.url}/v1/context/documents?source=docs&id=garage`, { method: 'DELETE' });
    expect(removed.status).toBe(200);
    expect(documentsOf(await search('q=feline&mode=semantic'))).not.toContain('garage');
    expect((await fetch(`${policyd.url}/v1/context/documents?source=docs&id=garage`, { method: 'DELETE' })).status).toBe(404);
  });
});

test('a backend that fails: words are looked for meanwhile, and it says so; then it is made good', async () => {
  await start([INSIDE()]);
  inside.fault = () => ({ status: 500, body: { error: { message: 'out of order' } } });
  const taken = await ingest(DOCUMENTS);
  expect(taken.documents.map(({ chunks, embedded }) => [chunks, embedded])).toEqual([
    [1, 0],
    [1, 0],
    [1, 0],
  ]);
  const found = await search('q=car');
  expect(found).toMatchObject({ mode: 'keyword', results: [{ document: 'garage', ranks: { semantic: null, keyword: 1 } }] });
  expect(found.degraded).toMatch(/3 chunks .* no embedding/);
  inside.fault = null;
  await whole();
  expect(documentsOf(await search('q=automobile&topK=1'))).toEqual(['garage']);
});

test('a text that the model refuses keeps no other from being embedded', async () => {
  await start([INSIDE()]);
  await ingest([{ id: 'first', text: 'something plain' }]);
  await whole();
  inside.fault = (input) =>
    input.some((text) => text.includes('poison')) ? { status: 400, body: { error: { message: 'cannot read this' } } } : null;
  await ingest([...DOCUMENTS, { id: 'bad', text: 'poison for the model' }, { id: 'last', text: 'the vehicle is blue' }]);
  await whole();
  expect(documentsOf(await search('q=automobile&topK=2&mode=semantic')).sort()).toEqual(['garage', 'last']);
  expect(documentsOf(await search('q=poison'))[0]).toBe('bad');
});

test('another model: everything is embedded anew, and never compared with what was there', async () => {
  await start([INSIDE()]);
  await ingest(DOCUMENTS);
  await whole();
  inside.model = 'other';
  inside.dimensions = 32;
  await policyd.rewrite(`backends: { house: { type: vllm, url: "${inside.url}", models: { f: { capabilities: [embeddings] } } } }`);
  await until(
    async () => (await policyd.get<{ data: { id: string }[] }>('/v1/models')).data.some(({ id }) => id === 'f'),
    'the new policy',
  );
  // Until it is seen that the model is another one, what is there is whole; then it says that it is not, until it is again.
  const wrong: Found[] = [];
  const found = await until(
    async () => {
      const answer = await search('q=automobile&topK=1');
      if (answer.degraded === null && documentsOf(answer)[0] !== 'garage') wrong.push(answer);
      return inside.texts.filter((text) => text.includes('park')).length > 1 && answer.degraded === null ? answer : null;
    },
    'all embeddings by the other model',
    120_000,
  );
  expect([wrong, documentsOf(found)]).toEqual([[], ['garage']]);
});

describe('what is restricted', () => {
  const SECRET = [{ id: 'secret', text: 'the patient owns a car' }];

  test('is found by its words only where a backend outside might embed it', async () => {
    await start([INSIDE(), OUTSIDE()]);
    await ingest(SECRET, { privacy: 'restricted' });
    await ingest(DOCUMENTS);
    const found = await until(
      async () => {
        const answer = await search('q=automobile');
        return answer.degraded?.startsWith('1 chunks') ? answer : null;
      },
      'the others',
      120_000,
    );
    expect(found).toMatchObject({ mode: 'fused', degraded: expect.stringContaining('does not keep requests for embeddings inside') });
    expect(found.results[0].document).toBe('garage');
    expect(documentsOf(await search('q=patient'))).toContain('secret');
    expect([...inside.texts, ...outside.texts].join('\n')).not.toContain('patient owns');
    const restricted = await search('q=confidential+question&privacy=restricted');
    expect(restricted).toMatchObject({ mode: 'keyword', degraded: expect.stringContaining('does not keep') });
    expect([...inside.texts, ...outside.texts].join('\n')).not.toContain('confidential');
  });

  test.each([
    ['only backends inside make embeddings', () => [INSIDE()], ''],
    [
      'the policy says that such requests are restricted',
      () => [INSIDE(), OUTSIDE()],
      'traffic: [{ name: inside, match: { model: e }, privacy: restricted }]',
    ],
  ])('is embedded where %s', async (_, backends, more) => {
    await start(backends(), more);
    await ingest(SECRET, { privacy: 'restricted' });
    await ingest(DOCUMENTS);
    await whole();
    expect(documentsOf(await search('q=automobile&mode=semantic&privacy=restricted&topK=2')).sort()).toEqual(['garage', 'secret']);
    expect(outside.texts).toEqual([]);
  });
});

test('the key of a policy with keys is sent, and never told', async () => {
  const key = 'pk-of-the-context-plane';
  const hash = createHash('sha256').update(key).digest('hex');
  await start([INSIDE()], `keys: { context: { sha256: "${hash}", scopes: ["llm:invoke", "context:read", "write:jobs"] } }`, {
    args: ['--context-key-env', 'CONTEXT_KEY'],
    env: { CONTEXT_KEY: key },
  });
  const headers = { authorization: `Bearer ${key}` };
  expect((await policyd.post('/v1/context/ingest', { source: 'docs', documents: DOCUMENTS }, headers)).status).toBe(200);
  const found = await until(
    async () => {
      const answer = await policyd.get<Found>('/v1/context/search?q=automobile', headers);
      return answer.degraded === null ? answer : null;
    },
    'embeddings',
    120_000,
  );
  expect(found.results[0].document).toBe('garage');
  expect(policyd.output).not.toContain(key);
});

test.each(['memory', 'sqlite'])('%s: after kill -9 everything acknowledged is found again', async (vectors) => {
  await start([INSIDE()], '', { args: ['--vectors', vectors] });
  const many = Array.from({ length: 40 }, (_, i) => ({ id: `d${i}`, text: `document number ${i} about the vehicle` }));
  await ingest(many);
  const { folder } = policyd;
  const ended = new Promise((resolve) => policyd.process.on('exit', resolve));
  policyd.process.kill('SIGKILL');
  await ended;
  policyd = await Policyd.run(folder.replace(/\/generated$/, ''), folder, { args: ['--vectors', vectors] });
  await whole();
  expect((await search('q=automobile&mode=semantic&topK=100')).results).toHaveLength(40);
  expect((await search('q=document&mode=keyword&topK=100')).results).toHaveLength(40);
});

test('a vector store that is away: words are looked for, and it says so; its key is never told', async () => {
  const key = 'key-of-the-vector-store';
  const qdrant = await startQdrant(key);
  try {
    const args = ['--vectors', `qdrant:${qdrant.url}`, '--vectors-key-env', 'QDRANT_KEY'];
    await start([INSIDE()], '', { args, env: { QDRANT_KEY: key } });
    await ingest(DOCUMENTS);
    await whole();
    expect(documentsOf(await search('q=automobile&topK=1'))).toEqual(['garage']);
    qdrant.fault = () => ({ status: 503, body: { status: { error: `overloaded, said to ${key}` }, time: 0 } });
    const found = await search('q=car');
    expect(found).toMatchObject({
      mode: 'keyword',
      degraded: expect.stringContaining('the vector store refused'),
      results: [{ document: 'garage' }],
    });
    await ingest([{ id: 'late', text: 'a blue vehicle' }]);
    await until(
      async () => !(await policyd.get<{ context: { vectors: { ok: boolean } } }>('/health')).context.vectors.ok,
      'health to tell',
      120_000,
    );
    qdrant.fault = null;
    await whole();
    expect(documentsOf(await search('q=automobile&topK=2&mode=semantic')).sort()).toEqual(['garage', 'late']);
    await policyd.stop();
    expect(policyd.lines('vector store failed').map(({ problem }) => problem)).toEqual([
      expect.stringContaining('overloaded, said to [redacted]'),
    ]);
    expect(policyd.lines('vector store works again')).toHaveLength(1);
    expect(policyd.output + JSON.stringify(found)).not.toContain(key);
  } finally {
    await qdrant.stop();
  }
});

test.runIf(HAS_POSTGRES)(
  'two processes on PostgreSQL: what one took in the other one finds, by meaning; each text is embedded once',
  async () => {
    const name = `context_${process.pid}_${Date.now().toString(36)}`;
    const client = new pg.Client({ connectionString: POSTGRES_URL });
    await client.connect();
    await client.query(`create database ${name}`);
    const options = { env: { DATABASE_URL: POSTGRES_URL.replace(/\/[^/]*$/, `/${name}`) } };
    await start([INSIDE()], '', options);
    const other = await Policyd.start(`backends: { ${INSIDE()} }`, options);
    try {
      const many = Array.from({ length: 40 }, (_, i) => ({ id: `d${i}`, text: `document number ${i} about the vehicle` }));
      await Promise.all([ingest(many.slice(0, 30)), other.post('/v1/context/ingest', { source: 'docs', documents: many.slice(20) })]);
      const counts = await until(
        async () => {
          const found = await Promise.all(
            [policyd, other].map((one) => one.get<Found>('/v1/context/search?q=automobile&mode=semantic&topK=100')),
          );
          return found.every(({ degraded, results }) => degraded === null && results.length === 40)
            ? found.map(({ results }) => results.length)
            : null;
        },
        'both to have all',
        120_000,
      );
      expect(counts).toEqual([40, 40]);
      const texts = inside.texts.filter((text) => text.startsWith('document'));
      expect(new Set(texts).size).toBe(40);
      expect(texts.length).toBeLessThanOrEqual(40 + 16);
      const removed = await fetch(`${other.url}/v1/context/documents?source=docs&id=d7`, { method: 'DELETE' });
      expect(removed.status).toBe(200);
      expect((await search('q=automobile&mode=semantic&topK=100')).results).toHaveLength(39);
    } finally {
      await other.stop();
      await policyd.stop();
      await client.query(`drop database if exists ${name} with (force)`);
      await client.end();
    }
  },
);
