import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Upstream } from '../../upstreams/upstream.ts';
import { Policyd, readError, until } from '../policyd.ts';

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const KEYS = { red: 'pk-red', red2: 'pk-red-2', blue: 'pk-blue', lone: 'pk-lone', operator: 'pk-operator', reader: 'pk-reader' };
const as = (name: keyof typeof KEYS): Record<string, string> => ({ authorization: `Bearer ${KEYS[name]}` });

// A busy machine takes its time to start a server.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let upstream: Upstream;
let policyd: Policyd;
beforeAll(async () => {
  upstream = await Upstream.start();
  const scopes = 'scopes: [write:jobs, context:read, llm:invoke]';
  policyd = await Policyd.start(`
backends: { house: { type: vllm, url: "${upstream.url}", models: { m: {} } } }
keys:
  red: { sha256: "${hash(KEYS.red)}", team: red, ${scopes} }
  red2: { sha256: "${hash(KEYS.red2)}", team: red, ${scopes} }
  blue: { sha256: "${hash(KEYS.blue)}", team: blue, ${scopes} }
  lone: { sha256: "${hash(KEYS.lone)}", ${scopes} }
  reader: { sha256: "${hash(KEYS.reader)}", team: red, scopes: [context:read] }
  operator: { sha256: "${hash(KEYS.operator)}", scopes: [admin, context:read, write:jobs] }
`);
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

interface Found {
  readonly results: {
    id: string;
    document: string;
    source: string;
    text: string;
    ranks: Record<string, number | null>;
    metadata: object;
  }[];
  readonly mode: string;
  readonly degraded: string | null;
}

const ingest = async (body: object, headers: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }> => {
  const answer = await policyd.post('/v1/context/ingest', body, headers);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const search = (query: string, headers: Record<string, string>): Promise<Found> => policyd.get(`/v1/context/search?${query}`, headers);
const documentsOf = ({ results }: Found): string[] => results.map(({ document }) => document);

describe('documents', () => {
  const documents = [
    { id: 'routing', text: '# Routing\n\nThe router decides where requests go.\n\n# Money\n\nBudgets are reserved before a call.' },
    { id: 'pool', text: 'Agents of the pool work at background tasks.', metadata: { kind: 'guide', year: 2026, draft: false } },
  ];

  test('are taken in once, changed by what changed, and found by their words', async () => {
    const first = await ingest({ source: 'docs', documents }, as('red'));
    expect(first).toMatchObject({
      status: 200,
      body: {
        namespace: 'default',
        source: 'docs',
        documents: [
          { id: 'routing', status: 'created' },
          { id: 'pool', status: 'created', chunks: 1 },
        ],
      },
    });
    const again = await ingest({ source: 'docs', documents }, as('red'));
    expect(again.body.documents).toMatchObject([{ status: 'unchanged' }, { status: 'unchanged' }]);
    const found = await search('q=where+do+requests+go', as('red'));
    expect(found).toMatchObject({
      mode: 'keyword',
      results: [{ document: 'routing', source: 'docs', ranks: { keyword: 1, semantic: null } }],
    });
    expect(found.degraded).toMatch(/embedding/);
    const changed = await ingest({ source: 'docs', documents: [{ id: 'pool', text: 'Squids work at night.' }] }, as('red'));
    expect(changed.body.documents).toMatchObject([{ id: 'pool', status: 'replaced' }]);
    expect(documentsOf(await search('q=background', as('red')))).toEqual([]);
    expect(documentsOf(await search('q=squid', as('red')))).toEqual(['pool']);
  });
});

test('a request that is wrong is told of all of it at once', async () => {
  const answer = await policyd.post('/v1/context/ingest', { documents: [{ text: '' }, { text: 'x', id: 'a b' }], more: 1 }, as('red'));
  expect(answer.status).toBe(422);
  const body = (await answer.json()) as { fields: { path: string }[] };
  expect(body.fields.map(({ path }) => path).sort()).toEqual(['documents.0.text', 'documents.1.id', 'more', 'source']);
  for (const query of ['', 'q=', 'q=x&topK=0', 'q=x&topK=101', 'q=x&mode=magic', 'q=x&unknown=1']) {
    const refused = await fetch(`${policyd.url}/v1/context/search?${query}`, { headers: as('red') });
    expect(refused.status, query).toBe(422);
    expect((await readError(refused)).error.code).toBe('bad_value');
  }
});

describe('whose documents they are', () => {
  const secret = [{ id: 'plan', text: 'The walrus is the secret plan.' }];

  test('a team reads what it took in, another one nothing of it, by no request; scope admin reads all', async () => {
    await ingest({ source: 'tenants', documents: secret }, as('red'));
    await ingest({ source: 'tenants', documents: [{ id: 'own', text: 'A walrus of my own.' }] }, as('lone'));
    const seen = async (name: keyof typeof KEYS, more = ''): Promise<string[]> =>
      documentsOf(await search(`q=walrus${more}`, as(name))).sort();
    expect(await seen('red')).toEqual(['plan']);
    expect(await seen('red2')).toEqual(['plan']);
    expect(await seen('reader')).toEqual(['plan']);
    expect(await seen('blue')).toEqual([]);
    expect(await seen('blue', '&source=tenants')).toEqual([]);
    expect(await seen('lone')).toEqual(['own']);
    expect(await seen('operator')).toEqual(['own', 'plan']);
    // The same name of another's document is another document.
    await ingest({ source: 'tenants', documents: [{ id: 'plan', text: 'A blue walrus.' }] }, as('blue'));
    expect((await search('q=walrus', as('red'))).results[0].text).toBe(secret[0].text);
    const take = (name: keyof typeof KEYS): Promise<Response> =>
      fetch(`${policyd.url}/v1/context/documents?source=tenants&id=plan`, { method: 'DELETE', headers: as(name) });
    expect((await take('lone')).status).toBe(404);
    expect((await take('blue')).status).toBe(200);
    expect(await seen('red')).toEqual(['plan']);
  });

  test('scopes: who may read does not write, and nobody does without a key', async () => {
    expect((await ingest({ source: 'docs', documents: secret }, as('reader'))).status).toBe(403);
    expect((await fetch(`${policyd.url}/v1/context/search?q=x`)).status).toBe(401);
    expect((await policyd.post('/v1/context/ingest', { source: 'docs', documents: secret })).status).toBe(401);
    expect((await fetch(`${policyd.url}/v1/context/some-job`)).status).toBe(401);
  });
});

test('a workload gets its pack before it starts: within its tokens, of what its caller may read, the same every time', async () => {
  await ingest(
    {
      source: 'packs',
      documents: [
        { id: 'a', text: 'Narwhals swim in cold water.' },
        { id: 'b', text: 'Narwhals have one tooth.' },
      ],
    },
    as('red'),
  );
  await ingest({ source: 'packs', documents: [{ id: 'c', text: 'Narwhals of the blue team.' }] }, as('blue'));
  const asked = { name: 'reader', command: ['/bin/true'], context: { query: 'narwhals', tokens: 40 } };
  const answer = await policyd.post('/schedule', asked, as('red'));
  expect(answer.status).toBe(202);
  const { job_id: job } = (await answer.json()) as { job_id: string };
  const read = (name: keyof typeof KEYS): Promise<Response> => fetch(`${policyd.url}/v1/context/${job}`, { headers: as(name) });
  const pack = await until(
    async () => {
      const found = await read('red2');
      return found.status === 200
        ? ((await found.json()) as { job_id: string; tokens: number; budget: number; text: string; items: { document: string }[] })
        : null;
    },
    'the pack',
    120_000,
  );
  expect(pack).toMatchObject({
    job_id: job,
    query: 'narwhals',
    budget: 40,
    degraded: expect.stringContaining('no model of the policy makes embeddings'),
  });
  expect(pack.items.map(({ document }) => document).sort()).toEqual(['a', 'b']);
  expect(pack.tokens).toBeGreaterThan(0);
  expect(pack.tokens).toBeLessThanOrEqual(40);
  expect(pack.text).not.toContain('blue team');
  await ingest({ source: 'packs', documents: [{ id: 'a', text: 'Something else.' }] }, as('red'));
  expect(await (await read('red')).json()).toEqual(pack);
  expect((await read('blue')).status).toBe(404);
  expect((await read('operator')).status).toBe(200);
  expect((await readError(await fetch(`${policyd.url}/v1/context/no-such-job`, { headers: as('red') }))).error.code).toBe('no_pack');
});

test('health and metrics tell how it is, without names', async () => {
  const health = await policyd.get<{ context: object }>('/health');
  expect(health.context).toEqual({ vectors: { store: 'memory', ok: true }, embeddings: { ok: true }, mcp: { servers: 0, connected: 0 } });
  const metrics = await (await fetch(`${policyd.url}/metrics`)).text();
  expect(metrics).toMatch(/policyd_context_documents_total\{status="created"\} [1-9]/);
  expect(metrics).toMatch(/policyd_context_pending_embeddings \d+/);
  expect(metrics).toMatch(/policyd_context_search_seconds_count\{mode="keyword"\} [1-9]/);
});
