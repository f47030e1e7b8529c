import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Upstream } from '../../upstreams/upstream.ts';
import { EmbeddingUpstream } from '../../vectors/embedding-upstream.ts';
import { launch, Policyd, until } from '../policyd.ts';
import { TraceReceiver } from '../trace-receiver.ts';
import { bearer, hash, readRoutes, fill } from './world.ts';

// Servers of their own start, and the machine may be busy.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

/** Of no known provider's shape, so that nothing but knowing them keeps them in. Those of programs go into their environment. */
const SECRETS = {
  SKY_KEY: 'canary.sky+7f3a91',
  VECTOR_KEY: 'canary.vector+09ab12',
  PEER_KEY: 'canary.peer+44de56',
  AGENT_KEY: 'canary.agent+17ac88',
  MCP_KEY: 'canary.mcp+8812cd',
  MCP_TOKEN: 'canary.token+5a5a10',
  OTEL_KEY: 'canary.otel+55f0aa',
  CALLER: 'canary.caller+91bc33',
  STRANGER: 'canary.stranger+0f0f77',
  WORKLOAD: 'canary.workload+3c3c21',
  DATABASE: 'canary.database+c0ffee',
} as const;
const SHAPES = Object.values(SECRETS).flatMap((secret) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]);

let echo: Server;
let echoed = 0;
let upstream: Upstream;
let embeddings: EmbeddingUpstream;
let receiver: TraceReceiver;
let home: string;
let policyd: Policyd;
/** All that came back, and where from. */
const seen: { readonly from: string; readonly text: string }[] = [];

beforeAll(async () => {
  // Whoever is asked with a key and fails may repeat it.
  echo = createServer((request, response) => {
    echoed++;
    const message = `refused: ${JSON.stringify(request.headers)}`;
    request
      .resume()
      .on('end', () =>
        response
          .writeHead(500, { 'content-type': 'application/json' })
          .end(JSON.stringify({ message, error: { message }, status: { error: message } })),
      );
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  const there = `127.0.0.1:${(echo.address() as AddressInfo).port}`;
  upstream = await Upstream.start({ models: ['m'], key: SECRETS.SKY_KEY });
  embeddings = await EmbeddingUpstream.start();
  receiver = await TraceReceiver.start();
  home = mkdtempSync(join(tmpdir(), 'policyd-secrets-'));
  const file = join(home, 'mcp.json');
  const search = { tool: 'find', argument: 'query', results: 'items' };
  const loud = 'console.error(process.env.TOKEN); console.log(process.env.TOKEN); process.exit(1)';
  writeFileSync(
    file,
    JSON.stringify({
      mcpServers: {
        near: { command: process.execPath, args: ['-e', loud], env: { TOKEN: '${MCP_TOKEN}' }, search },
        far: { url: `http://${there}/mcp`, headers: { 'x-api-key': '${MCP_KEY}' }, search },
      },
    }),
  );
  policyd = await Policyd.start(
    `
backends:
  sky: { type: openai, url: "${upstream.url}", api_key_env: SKY_KEY, models: { m: { price: free }, bad: { price: free } } }
  house: { type: vllm, url: "${embeddings.url}", models: { e: { capabilities: [embeddings] } } }
keys:
  app: { sha256: "${hash(SECRETS.CALLER)}", scopes: [llm:invoke, admin, read:jobs, write:jobs, context:read] }
  agents: { sha256: "${hash(SECRETS.AGENT_KEY)}", scopes: [llm:invoke] }
`,
    {
      env: { ...SECRETS, OTEL_EXPORTER_OTLP_HEADERS: `x-key=${SECRETS.OTEL_KEY}` },
      args: [
        ...['--log-level', 'trace', '--probe-interval', '300', '--decision-log', join(home, 'decisions'), '--otel-endpoint', receiver.url],
        ...['--vectors', `qdrant:http://${there}`, '--vectors-key-env', 'VECTOR_KEY', '--peers', there, '--peer-key-env', 'PEER_KEY'],
        ...['--pool-key-env', 'AGENT_KEY', '--context-key-env', 'AGENT_KEY', '--mcp-servers', file],
      ],
    },
  );
});
afterAll(async () => {
  await policyd?.stop();
  echo.closeAllConnections();
  echo.close();
  await Promise.all([upstream, embeddings, receiver].map((server) => server.stop()));
  rmSync(home, { recursive: true, force: true });
});

const KNOWN = bearer(SECRETS.CALLER);

async function look(from: string, answer: Response): Promise<string> {
  const text = `${JSON.stringify([...answer.headers])}\n${await answer.text()}`;
  seen.push({ from: `${from} ${answer.status}`, text });
  return text;
}

function expectNone(from: string, text: string): void {
  for (const shape of SHAPES)
    if (text.includes(shape))
      throw new Error(`${from} tells ${shape}: …${text.slice(Math.max(0, text.indexOf(shape) - 300), text.indexOf(shape) + 80)}`);
}

test('everything is asked that knows a secret, and goes wrong where it can', async () => {
  await look('chat', await policyd.chat('m', {}, KNOWN));
  expect(upstream.calls.at(-1)?.headers.authorization).toBe(`Bearer ${SECRETS.SKY_KEY}`);
  await look('stream', await policyd.chat('m', { stream: true }, KNOWN));
  upstream.fault = { kind: 'echo-key' };
  expect(await look('echo', await policyd.chat('bad', {}, KNOWN))).toContain('[redacted]');
  upstream.fault = null;
  for (const headers of [bearer(SECRETS.STRANGER), { authorization: `Basic ${SECRETS.STRANGER}` }, { 'x-api-key': SECRETS.STRANGER }])
    await look('stranger', await policyd.chat('m', {}, headers));
  const work = (more: object): object => ({
    name: 'quiet',
    command: ['/bin/sh', '-c', 'exit 3'],
    env: { TOKEN: SECRETS.WORKLOAD },
    resources: { cpu: 0.01, memory: '8MiB' },
    ...more,
  });
  const taken = JSON.parse((await look('schedule', await policyd.post('/schedule', work({}), KNOWN))).split('\n')[1]) as { job_id: string };
  for (const more of [
    { env: { TOKEN: { a: SECRETS.WORKLOAD } } },
    { env: { [SECRETS.WORKLOAD]: 'x' } },
    { command: [5, SECRETS.WORKLOAD] },
    { env: { A: `${SECRETS.WORKLOAD}\0` } },
    { node_labels: { no: 'where' } },
  ])
    await look('schedule', await policyd.post('/schedule', work(more), KNOWN));
  await until(
    async () => /failed/.test(await (await fetch(`${policyd.url}/v1/jobs/${taken.job_id}`, { headers: KNOWN })).text()),
    'the workload to fail',
    60_000,
  );
  const frames = await look(
    'frames',
    await fetch(`${policyd.url}/stream/${taken.job_id}`, { headers: { ...KNOWN, accept: 'text/event-stream' } }),
  );
  expect(frames).toContain('"seq":1');
  await look('evict', await policyd.post('/evict', { pod_id: `${taken.job_id}-1`, reason: 'x' }, KNOWN));
  await look('ingest', await policyd.post('/v1/context/ingest', { source: 'docs', documents: [{ id: 'a', text: 'the car' }] }, KNOWN));
  await until(() => echoed > 4, 'peer, vectors and MCP server to be asked', 60_000);
  await until(() => policyd.lines('mcp server is away').length > 1, 'both MCP servers to be away', 60_000);
  await look('search', await fetch(`${policyd.url}/v1/context/search?q=car`, { headers: KNOWN }));
  for (const route of await readRoutes(policyd)) {
    if (route.method !== 'GET' || /stream/.test(route.path)) continue;
    await look(route.path, await fetch(policyd.url + fill(route.path, taken.job_id), { headers: KNOWN }));
  }
  for (const path of [
    '/openapi.json',
    '/v1/audit?limit=500',
    '/v1/decisions?limit=500',
    '/v1/jobs?limit=100',
    `/nothing?key=${SECRETS.CALLER}`,
  ])
    await look(path, await fetch(policyd.url + path, { headers: KNOWN }));
  expect(seen.length).toBeGreaterThan(50);
});

test('no answer, frame, entry of the audit, page or metric tells one', () => {
  for (const { from, text } of seen) expectNone(from, text);
});

test('no span tells one, and no attribute of it', async () => {
  await until(() => receiver.spans.length > 10, 'spans', 60_000);
  expect(receiver.headers[0]['x-key']).toBe(SECRETS.OTEL_KEY);
  expectNone('the receiver of traces', receiver.text);
});

test('neither the log of decisions nor that of the server tells one', async () => {
  const folder = join(home, 'decisions');
  const read = (): string =>
    readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('');
  await until(() => read().split('\n').length > 3, 'decisions to be logged', 60_000);
  expectNone('the log of decisions', read());
  await until(() => policyd.lines('request').length > 3, 'the log', 60_000);
  expectNone('the log', policyd.output);
});

test('a database that cannot be reached or read is told without its password', async () => {
  for (const url of [
    `postgres://app:${SECRETS.DATABASE}@127.0.0.1:9/policyd?connect_timeout=1`,
    `postgres://app:${SECRETS.DATABASE}@[bad/policyd`,
  ]) {
    const { child, output } = launch(['--policy', policyd.folder, '--data', join(home, 'none'), '--port', '0'], {
      ...SECRETS,
      DATABASE_URL: url,
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await until(
      () => /database|postgres|DATABASE_URL|ECONNREFUSED/i.test(output.join('')) || child.exitCode !== null,
      'words about the database',
      60_000,
    );
    child.kill('SIGTERM');
    await ended;
    expect(output.join('')).toMatch(/database|postgres|DATABASE_URL/i);
    expectNone(url.slice(0, 20), output.join(''));
  }
});
