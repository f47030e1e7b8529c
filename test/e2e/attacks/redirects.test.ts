import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Upstream } from '../../upstreams/upstream.ts';
import { EmbeddingUpstream } from '../../vectors/embedding-upstream.ts';
import { poolOf } from '../pool/api.ts';
import { Policyd, readError, until } from '../policyd.ts';

// Servers of their own start, and the machine may be busy.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const STATUSES = [301, 302, 303, 307, 308];
const KEYS = {
  SKY_KEY: 'sky-key-71c2',
  VECTOR_KEY: 'vector-key-09ab',
  PEER_KEY: 'peer-key-44de',
  MCP_KEY: 'mcp-key-8812',
  OTEL_KEY: 'otel-key-55f0',
};
const CALLER = 'caller-key-0123456789';

interface Seen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** Answers whatever it is asked with one answer, and keeps what came. */
class Stub {
  readonly seen: Seen[] = [];
  answer: { readonly status: number; readonly location: string | null } = { status: 200, location: null };
  readonly #server: Server = createServer((request, response) => {
    this.seen.push({ path: request.url!, headers: request.headers });
    const { status, location } = this.answer;
    request.resume().on('end', () => response.writeHead(status, location === null ? {} : { location }).end());
  });

  static async start(): Promise<Stub> {
    const stub = new Stub();
    await new Promise<void>((resolve) => stub.#server.listen(0, '127.0.0.1', resolve));
    return stub;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.address}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Everything that policyd asks by itself or for somebody, each at a server that leads elsewhere. */
const ROLES = ['sky', 'claude', 'ollama', 'vectors', 'peer', 'otel', 'discovery', 'mcp'] as const;
const MODELS = STATUSES.flatMap((status) => [`m${status}-canary`, `m${status}-link`]);

let canary: Stub;
let stubs: Record<(typeof ROLES)[number], Stub>;
let embeddings: EmbeddingUpstream;
let spare: Upstream;
let home: string;
let policyd: Policyd;

function lead(status: number, location: string): void {
  for (const role of ROLES) stubs[role].answer = { status, location };
}

beforeAll(async () => {
  canary = await Stub.start();
  stubs = Object.fromEntries(await Promise.all(ROLES.map(async (role) => [role, await Stub.start()]))) as typeof stubs;
  lead(302, `${canary.url}/taken`);
  // It answers while policyd is still about to open its pool.
  stubs.discovery.answer = { status: 200, location: null };
  embeddings = await EmbeddingUpstream.start();
  spare = await Upstream.start({ models: ['shared'] });
  home = mkdtempSync(join(tmpdir(), 'policyd-redirects-'));
  const file = join(home, 'mcp.json');
  const server = {
    url: `${stubs.mcp.url}/mcp`,
    headers: { 'x-api-key': KEYS.MCP_KEY },
    search: { tool: 'find', argument: 'query', results: 'items' },
  };
  writeFileSync(file, JSON.stringify({ mcpServers: { far: server } }));
  const models = (...more: string[]): string => `{ ${[...MODELS, ...more].map((name) => `${name}: { price: free }`).join(', ')} }`;
  const policy = `
backends:
  sky: { type: openai, url: "${stubs.sky.url}", api_key_env: SKY_KEY, models: ${models('shared', 'plain').replaceAll('m3', 'sky-m3')} }
  claude: { type: anthropic, url: "${stubs.claude.url}", api_key_env: SKY_KEY, models: ${models('c').replaceAll('m3', 'claude-m3')} }
  ollama: { type: ollama, url: "${stubs.ollama.url}", models: { ${MODELS.map((name) => `ollama-${name}: {}`).join(', ')} } }
  house: { type: vllm, url: "${embeddings.url}", models: { e: { capabilities: [embeddings] } } }
  spare: { type: vllm, url: "${spare.url}", zone: open, models: { other: {} } }
fallbacks: { shared: [other] }
keys:
  app: { sha256: "${createHash('sha256').update(CALLER).digest('hex')}", scopes: [llm:invoke, admin, read:jobs, write:jobs, context:read] }
`;
  policyd = await Policyd.start(policy, {
    env: { ...KEYS, CALLER, OTEL_EXPORTER_OTLP_HEADERS: `x-key=${KEYS.OTEL_KEY}` },
    args: [
      ...['--probe-interval', '200', '--log-level', 'trace', '--vectors', `qdrant:${stubs.vectors.url}`, '--vectors-key-env', 'VECTOR_KEY'],
      ...[
        '--peers',
        stubs.peer.address,
        '--peer-key-env',
        'PEER_KEY',
        '--otel-endpoint',
        stubs.otel.url,
        '--discovery-url',
        stubs.discovery.url,
      ],
      ...['--mcp-servers', file, '--context-key-env', 'CALLER', '--pool-key-env', 'CALLER'],
    ],
  });
});
afterAll(async () => {
  await policyd?.stop();
  for (const role of ROLES) await stubs[role].stop();
  await Promise.all([canary, embeddings, spare].map((server) => server.stop()));
  rmSync(home, { recursive: true, force: true });
});

const KNOWN = { authorization: `Bearer ${CALLER}` };
const CALLS: Readonly<Record<'sky' | 'claude' | 'ollama', (model: string) => Promise<Response>>> = {
  sky: (model) => policyd.chat(model, { stream: model.endsWith('link') }, KNOWN),
  claude: (model) => policyd.post('/v1/messages', { model, max_tokens: 9, messages: [{ role: 'user', content: 'x' }] }, KNOWN),
  ollama: (model) => policyd.post('/api/chat', { model, messages: [{ role: 'user', content: 'x' }] }, KNOWN),
};

test('a backend that leads elsewhere is told to the caller as that, and nobody follows', async () => {
  for (const status of STATUSES) {
    for (const [name, location] of Object.entries({ canary: `${canary.url}/taken`, link: 'http://169.254.169.254/latest/meta-data/' })) {
      lead(status, location);
      for (const [backend, call] of Object.entries(CALLS)) {
        const answer = await call(`${backend}-m${status}-${name}`);
        const text = await answer.text();
        expect([backend, status, name, answer.status, answer.headers.get('location')]).toEqual([backend, status, name, 502, null]);
        expect(text).toContain(`answers with a redirect (${status}), and none is followed`);
        for (const hidden of ['169.254', canary.address, ...Object.values(KEYS)]) expect(text).not.toContain(hidden);
      }
    }
  }
  const body = await readError(await CALLS.sky('plain'));
  expect(body.error).toMatchObject({ type: 'upstream_error', code: 'upstream_redirect' });
});

test('another target stands in for one that leads elsewhere', async () => {
  lead(307, `${canary.url}/taken`);
  const asked = stubs.sky.seen.length;
  const answer = await policyd.chat('shared', {}, KNOWN);
  expect([answer.status, answer.headers.get('x-nexus-backend')]).toEqual([200, 'spare']);
  expect(stubs.sky.seen.slice(asked).map(({ path }) => path)).toContain('/v1/chat/completions');
});

test('a vector store that leads elsewhere: words are found, and what is missing is said', async () => {
  const documents = [{ id: 'garage', text: 'Where to park the car at night.' }];
  const taken = await policyd.post('/v1/context/ingest', { source: 'docs', documents }, KNOWN);
  expect(taken.status).toBe(200);
  interface Found {
    readonly results: { document: string }[];
    readonly degraded: string | null;
  }
  const found = await until(
    async () => {
      const { results, degraded } = await policyd.get<Found>('/v1/context/search?q=car', KNOWN);
      return results.length > 0 && degraded !== null && stubs.vectors.seen.length > 0 ? { results, degraded } : null;
    },
    'a search without vectors',
    60_000,
  );
  expect(found.results[0].document).toBe('garage');
});

test('a peer and a discovery service that lead elsewhere count as away', async () => {
  const pool = poolOf(policyd, KNOWN);
  await pool.initialize(1);
  lead(302, `${canary.url}/taken`);
  await until(() => policyd.lines('discovery service is away').length > 0, 'the discovery service to be away', 60_000);
  const { task_id } = await pool.submit({ look: 'x' }, { task_type: 'discovery' });
  for (const status of STATUSES) {
    lead(status, `${canary.url}/taken`);
    const before = [stubs.peer.seen.length, stubs.discovery.seen.length];
    await until(() => stubs.peer.seen.length > before[0] + 1 && stubs.discovery.seen.length > before[1] + 1, 'both to be asked', 60_000);
    const { items } = await policyd.get<{ items: { state: string; reason: string }[] }>('/v1/peers', KNOWN);
    expect(items).toMatchObject([{ state: 'unreachable' }]);
    expect((await pool.task(task_id)).status).toBe('pending');
  }
  const { items } = await policyd.get<{ items: { reason: string }[] }>('/v1/peers', KNOWN);
  expect(items[0].reason).toMatch(/answered 30\d/);
  expect(policyd.lines('discovery service is away')[0].why).toMatch(/answered 30\d/);
  expect(stubs.discovery.seen.every(({ path }) => path === '/health')).toBe(true);
});

test('a discovery service that leads elsewhere only once it has work: the attempt fails, it is not done', async () => {
  const pool = poolOf(policyd, KNOWN);
  stubs.discovery.answer = { status: 200, location: null };
  const asked = (): Seen[] => stubs.discovery.seen.filter(({ path }) => path === '/tasks');
  const { task_id } = await pool.submit({ look: 'y' }, { task_type: 'discovery' });
  await pool.reach(task_id, ['completed'], 60_000);
  // From here on it is up, and every task is led away.
  Object.defineProperty(stubs.discovery, 'answer', {
    get: () =>
      stubs.discovery.seen.at(-1)!.path === '/health' ? { status: 200, location: null } : { status: 302, location: `${canary.url}/taken` },
  });
  const before = asked().length;
  const { task_id: other } = await pool.submit({ look: 'z' }, { task_type: 'discovery' });
  const ended = await pool.reach(other, ['failed', 'completed'], 120_000);
  expect([ended.status, ended.result]).toEqual(['failed', null]);
  expect(ended.error).toContain('/tasks answered 302');
  expect(asked().length).toBeGreaterThan(before);
});

test('a receiver of traces and an MCP server that lead elsewhere change nothing', async () => {
  await until(() => stubs.otel.seen.length > 0, 'traces to be sent', 60_000);
  await until(() => stubs.mcp.seen.length > 1, 'the MCP server to be asked again', 60_000);
  await until(() => policyd.lines('mcp server is away').length > 0, 'the log to say so');
  expect(String(policyd.lines('mcp server is away')[0].reason)).toMatch(/redirect .*not followed/i);
  expect((await fetch(`${policyd.url}/health/ready`)).status).toBe(200);
});

test('nobody came to where all of them led, and every key was shown where it belongs', () => {
  expect(canary.seen).toEqual([]);
  const shown = (role: (typeof ROLES)[number], header: string): unknown =>
    stubs[role].seen.find(({ headers }) => header in headers)?.headers[header];
  expect(shown('sky', 'authorization')).toBe(`Bearer ${KEYS.SKY_KEY}`);
  expect(shown('claude', 'x-api-key')).toBe(KEYS.SKY_KEY);
  expect(shown('vectors', 'api-key')).toBe(KEYS.VECTOR_KEY);
  expect(shown('peer', 'authorization')).toBe(`Bearer ${KEYS.PEER_KEY}`);
  expect(shown('otel', 'x-key')).toBe(KEYS.OTEL_KEY);
  expect(shown('mcp', 'x-api-key')).toBe(KEYS.MCP_KEY);
  for (const secret of [...Object.values(KEYS), CALLER]) expect(policyd.output).not.toContain(secret);
});
