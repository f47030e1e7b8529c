import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd, until } from './policyd.ts';

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const TRACE = '0af7651916cd43dd8448eb211c80319c';

interface Entry {
  readonly id: string;
  readonly count: number;
  readonly caller: string | null;
  readonly action: string;
  readonly subject: string | null;
  readonly outcome: string;
  readonly status: number;
  readonly code: string | null;
  readonly detail: string | null;
  readonly request_id: string;
  readonly trace_id: string | null;
}

let upstream: Upstream;
let policyd: Policyd;
beforeAll(async () => {
  upstream = await Upstream.start({ models: ['m'] });
  policyd = await Policyd.start(
    `
backends:
  house: { type: vllm, url: "${upstream.url}", models: { m: {} } }
keys:
  admin: { sha256: "${hash('admin-key')}", scopes: [admin, write:jobs, read:jobs] }
  app: { sha256: "${hash('app-key')}", scopes: [llm:invoke], rate: { requests: 3/h } }
`,
    { args: ['--body-limit', '2048'] },
  );
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

const read = async (query: string): Promise<Entry[]> =>
  (await policyd.get<{ items: Entry[] }>(`/v1/audit?${query}`, bearer('admin-key'))).items;

test('a change is told with who, what and which request', async () => {
  const id = 'change-1';
  const answer = await policyd.post(
    '/api/coordination/pool/initialize',
    { size: 1 },
    { ...bearer('admin-key'), 'x-request-id': id, traceparent: `00-${TRACE}-b7ad6b7169203331-01` },
  );
  expect(answer.status).toBe(200);
  const [entry] = await until(async () => {
    const found = await read(`request=${id}`);
    return found.length > 0 ? found : null;
  }, 'the entry');
  expect(entry).toMatchObject({
    caller: 'admin',
    action: 'POST /api/coordination/pool/initialize',
    outcome: 'done',
    status: 200,
    code: null,
    request_id: id,
    trace_id: TRACE,
    count: 1,
  });
});

/** Each refusal there is on the way in, on a route with a backend and on one without. */
const REFUSALS: readonly (readonly [status: number, code: string, caller: string | null, ask: (id: string) => Promise<Response>])[] = [
  [401, 'invalid_api_key', null, (id) => policyd.chat('m', {}, { 'x-request-id': id })],
  [401, 'invalid_api_key', null, (id) => fetch(`${policyd.url}/v1/budgets`, { headers: { ...bearer('guess'), 'x-request-id': id } })],
  [403, 'insufficient_scope', 'admin', (id) => policyd.chat('m', {}, { ...bearer('admin-key'), 'x-request-id': id })],
  [403, 'insufficient_scope', 'app', (id) => fetch(`${policyd.url}/v1/audit`, { headers: { ...bearer('app-key'), 'x-request-id': id } })],
  [413, 'request_too_large', 'app', (id) => policyd.chat('m', { user: 'x'.repeat(4_000) }, { ...bearer('app-key'), 'x-request-id': id })],
  [422, 'bad_json', 'admin', (id) => policyd.post('/api/coordination/tasks', '{', { ...bearer('admin-key'), 'x-request-id': id })],
  [
    431,
    'headers_too_large',
    null,
    (id) => policyd.chat('m', {}, { ...Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`a${n}`, '1'])), 'x-request-id': id }),
  ],
];

test.each(
  REFUSALS.map((row, index) => [row[0], row[1], row[2], row[3], `refused-${index}`] as const),
)('%d %s is told, by whom it was', async (status, code, caller, ask, id) => {
  const answer = await ask(id);
  await answer.arrayBuffer();
  expect(answer.status).toBe(status);
  const [entry] = await until(async () => {
    const found = await read(`request=${id}`);
    return found.length > 0 ? found : null;
  }, 'the entry');
  expect(entry).toMatchObject({ status, code, caller, outcome: 'refused', request_id: id });
  expect(entry.detail).not.toBeNull();
});

test('a flood of one refusal is one entry with its number, and what passes is none', async () => {
  const answers = [];
  for (let count = 0; count < 40; count++) {
    const answer = await policyd.chat('m', {}, bearer('app-key'));
    await answer.arrayBuffer();
    answers.push(answer.status);
  }
  const refused = answers.filter((status) => status === 429).length;
  expect(refused).toBeGreaterThan(30);
  const entries = await until(async () => {
    const found = await read('status=429&caller=app&code=rate_limit_exceeded');
    return found.reduce((sum, { count }) => sum + count, 0) === refused ? found : null;
  }, 'all of them');
  // The clock may have turned a minute between.
  expect(entries.length).toBeLessThanOrEqual(2);
  expect(await read('action=POST /v1/chat/completions&outcome=done')).toEqual([]);
});

test('keys and line breaks never reach the log, its rows or its lines', async () => {
  const secret = 'sk-0123456789abcdef';
  const answer = await fetch(
    `${policyd.url}/api/coordination/tasks/${encodeURIComponent(`x\r\n{"level":"fatal"} ${secret}\u001b[31m`)}/cancel`,
    {
      method: 'POST',
      headers: { ...bearer('admin-key'), 'x-request-id': 'inject-1' },
    },
  );
  await answer.arrayBuffer();
  const [entry] = await until(async () => {
    const found = await read('request=inject-1');
    return found.length > 0 ? found : null;
  }, 'the entry');
  expect(entry.outcome).toBe('failed');
  expect(JSON.stringify(entry)).not.toMatch(/sk-0123|\\[rnu]/);
  expect(entry.subject).toContain('[redacted]');
  await until(() => policyd.lines('audit').some((line) => line.request_id === 'inject-1'), 'its line');
  expect(policyd.output).not.toContain(secret);
});

test('pages: every entry once, newest first', async () => {
  const seen: string[] = [];
  let next: string | null = null;
  do {
    const page: { items: Entry[]; next: string | null } = await policyd.get(
      `/v1/audit?limit=2${next === null ? '' : `&before=${next}`}`,
      bearer('admin-key'),
    );
    seen.push(...page.items.map(({ id }) => id));
    ({ next } = page);
  } while (next !== null && seen.length < 1_000);
  expect(seen.length).toBeGreaterThan(6);
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toEqual([...seen].sort().reverse());
});

test('a wrong question is told with all that is wrong', async () => {
  const answer = await fetch(`${policyd.url}/v1/audit?limit=0&outcome=x&who=y&status=abc`, { headers: bearer('admin-key') });
  expect(answer.status).toBe(400);
  const { error } = (await answer.json()) as { error: { message: string } };
  for (const word of ['limit', 'outcome', 'who', 'status']) expect(error.message).toContain(`\`${word}\``);
});

test('what never became a request is told, too', async () => {
  const socket = connect(Number(new URL(policyd.url).port), '127.0.0.1');
  socket.end(`GET /v1/budgets HTTP/1.1\r\nhost: x\r\nbig: ${'x'.repeat(20_000)}\r\n\r\n`);
  let said = '';
  for await (const part of socket) said += String(part);
  expect(said).toContain('431');
  const [entry] = await read('action=unread request');
  expect(entry).toMatchObject({ status: 431, code: 'headers_too_large', caller: null, outcome: 'refused' });
});

test('entries outlive the process, and what was told last is written', async () => {
  const other = await Policyd.start(`backends: { house: { type: vllm, url: "${upstream.url}", models: { m: {} } } }`);
  const id = 'last-words';
  await (await other.post('/api/coordination/pool/initialize', { size: 0 }, { 'x-request-id': id })).arrayBuffer();
  const { folder } = other;
  const home = folder.replace(/\/generated$/, '');
  other.process.kill('SIGTERM');
  await new Promise((resolve) => other.process.once('exit', resolve));
  const again = await Policyd.run(home, folder);
  try {
    const { items } = await again.get<{ items: Entry[] }>(`/v1/audit?request=${id}`);
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ status: 422, outcome: 'refused', caller: null });
  } finally {
    await again.stop();
    await other.stop();
  }
});
