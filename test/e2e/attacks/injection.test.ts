import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { until } from '../policyd.ts';
import { askRaw } from './ask-raw.ts';
import { hash, KEYS, World } from './world.ts';

// Servers of their own start, and the machine may be busy.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

/** What would be seen as a header, a line of a log or a colour, were it let through. */
const EVIL = [
  'a\r\nX-Evil: yes',
  'a\nX-Evil: yes',
  'a\rX-Evil: yes',
  'a\0b',
  '\x1b[31mred\x1b[0m',
  'ä\u2028\u2029\u202e💥',
  '\x7f\x08\x9b31m',
];
const FORGED = '\n{"level":"info","msg":"forged"}\n';

let world: World;
let hostile: Server;
/** What a backend got that says `hostile` things itself. */
const got: IncomingHttpHeaders[] = [];

beforeAll(async () => {
  world = await World.start({ args: ['--log-level', 'trace'] });
  hostile = createServer((request, response) => {
    got.push(request.headers);
    request.resume().on('end', () => {
      const error = { message: `${EVIL.join('')}${FORGED}`, type: EVIL[0], code: EVIL[4] };
      response.writeHead(request.method === 'POST' ? 500 : 200, 'bad [31m', {
        'content-type': 'application/json',
        'openai-x': 'ä',
      });
      response.end(JSON.stringify({ error }));
    });
  });
  await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await world?.stop();
  hostile.closeAllConnections();
  hostile.close();
});

/** Header names and values of an answer as they came. */
function headersOf(text: string): string {
  return text.slice(0, text.indexOf('\r\n\r\n'));
}

test('names in bodies: nothing of them is a header of an answer or of a request to a backend', async () => {
  const wrong: string[] = [];
  for (const name of [...EVIL, FORGED]) {
    for (const [path, body] of [
      ['/v1/chat/completions', { model: name, messages: [{ role: 'user', content: 'x' }] }],
      ['/v1/chat/completions', { model: 'm', user: name, messages: [{ role: 'user', name, content: name }] }],
      ['/v1/messages', { model: name, max_tokens: 1, messages: [{ role: 'user', content: 'x' }] }],
      ['/api/chat', { model: name, messages: [{ role: 'user', content: 'x' }] }],
      ['/v1/route', { model: name, messages: [{ role: 'user', content: 'x' }] }],
      ['/schedule', { name, command: [name], labels: { [name]: name }, env: { [name]: name } }],
      ['/schedule', { name: 'x', command: ['/bin/true', name], env: { A: name }, resources: { cpu: 0.01, memory: '8MiB' } }],
      ['/evict', { pod_id: name, reason: name }],
      ['/task-update', { feature: name, task_id: name, status: 'done', note: name }],
      ['/v1/context/ingest', { source: name, namespace: name, documents: [{ id: name, text: name }] }],
      ['/api/coordination/tasks', { task_type: name, payload: { name } }],
      ['/api/coordination/tasks', { payload: { name }, preferred_agent_id: name }],
      ['/api/coordination/agents', { kind: 'external', name, lease_seconds: 5 }],
      ['/v1/jobs/x/cancel', { reason: name }],
    ] as const) {
      const answer = await world.ask(KEYS.ops, 'POST', path, JSON.stringify(body));
      const text = await answer.text();
      if (answer.headers.has('x-evil') || (answer.status >= 500 && answer.status !== 503))
        wrong.push(`${path} ${JSON.stringify(name)} ${answer.status}`);
      for (const [header, value] of answer.headers)
        if (/[^\x20-\x7e]/.test(value)) wrong.push(`${path} ${header}: ${JSON.stringify(value)}`);
      JSON.parse(text.split('\n')[0] || 'null');
    }
  }
  expect(wrong).toEqual([]);
});

test('headers, paths and queries with what cannot stand there: refused, or taken as nothing', async () => {
  const body = '{"model":"m","messages":[{"role":"user","content":"x"}]}';
  const wrong: string[] = [];
  const names = [
    'idempotency-key',
    'traceparent',
    'tracestate',
    'x-request-id',
    'user-agent',
    'x-nexus-category',
    'x-nexus-class',
    'x-nexus-strict',
    'x-nexus-privacy',
    'anthropic-beta',
    'openai-organization',
    'baggage',
  ];
  for (const name of names) {
    for (const value of [
      'a\0b',
      'a\rX-Evil: yes',
      '\x1b[31mred',
      '\xe4\xff',
      'x'.repeat(4_000),
      '%0d%0aX-Evil:%20yes',
      '__proto__',
      '"\\\'',
    ]) {
      for (const path of ['/v1/chat/completions', '/schedule', '/api/coordination/tasks']) {
        const sent = path === '/v1/chat/completions' ? body : '{"name":"x","command":["/bin/true"]}';
        const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${KEYS.ops}\r\nContent-Type: application/json\r\n${name}: ${value}\r\nContent-Length: ${sent.length}\r\n\r\n${sent}`;
        const { status, text } = await askRaw(world.policyd, head);
        if (status === 0 || status >= 500 || /x-evil/i.test(headersOf(text)))
          wrong.push(`${path} ${name} ${JSON.stringify(value.slice(0, 20))} ${status}`);
        if (/[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\xff]/.test(headersOf(text)))
          wrong.push(`${path} ${name} ${JSON.stringify(value.slice(0, 20))} is in the headers`);
      }
    }
  }
  for (const path of [
    '%0d%0aX-Evil:%20yes',
    '%00',
    '%1b%5b31m',
    '%e2%80%ae',
    'a%0a%7b%22msg%22:%22forged%22%7d%0a',
    '..%2f..%2fetc%2fpasswd',
    '%c0%ae',
  ]) {
    for (const under of [
      '/v1/models/',
      '/v1/jobs/',
      '/stream/',
      '/api/coordination/tasks/',
      '/v1/decisions/',
      '/v1/context/',
      '/nowhere/',
      '/v1/context/search?q=',
      '/v1/jobs?name=',
      '/v1/route?policy=',
    ]) {
      const { status, text } = await askRaw(
        world.policyd,
        `GET ${under}${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${KEYS.ops}\r\nUser-Agent: ${EVIL[4]}\r\n\r\n`,
      );
      if (status === 0 || status >= 500 || /x-evil/i.test(headersOf(text))) wrong.push(`${under}${path} ${status}`);
    }
  }
  expect(wrong).toEqual([]);
  for (const { headers } of world.upstream.received) {
    expect(headers['x-evil']).toBeUndefined();
    for (const value of Object.values(headers)) expect(String(value)).not.toMatch(/[\x00-\x1f\x7f]/);
    for (const name of ['x-nexus-category', 'user-agent', 'idempotency-key', 'baggage'])
      expect(String(headers[name] ?? '')).not.toContain('yes');
  }
});

test('errors of a backend that speaks to the log, not to the caller', async () => {
  const { port } = hostile.address() as AddressInfo;
  await world.policyd.rewrite(`
backends: { loud: { type: vllm, url: "http://127.0.0.1:${port}", models: { m: {} } } }
keys: { ops: { sha256: "${hash(KEYS.ops)}", scopes: [llm:invoke, read:jobs, write:jobs, context:read, admin] } }
`);
  await until(() => got.length > 0, 'the policy to be served', 60_000);
  const answer = await until(
    async () => {
      const said = await world.ask(KEYS.ops, 'POST', '/v1/chat/completions', '{"model":"m","messages":[{"role":"user","content":"x"}]}');
      return said.headers.get('x-nexus-backend') === 'loud' ? said : null;
    },
    'it to be asked',
    60_000,
  );
  expect(answer.status).toBe(500);
  for (const [, value] of answer.headers) expect(value).toMatch(/^[\x20-\x7e\xa0-\xff]*$/);
});

test('whatever was asked, every line of the log is one object of JSON without a control character, and none is forged', async () => {
  const count = (): number => world.policyd.lines('request').length;
  const before = count();
  await world.ask(KEYS.ops, 'POST', '/v1/chat/completions', '{"model":"last","messages":[{"role":"user","content":"x"}]}');
  await until(() => count() > before, 'the log of all that was asked', 60_000);
  const lines = world.policyd.output.split('\n').filter((line) => line !== '');
  expect(lines.length).toBeGreaterThan(200);
  const plain: string[] = [];
  for (const line of lines) {
    expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028-\u202e]/);
    if (line.startsWith('{')) expect((JSON.parse(line) as { msg: string }).msg).not.toBe('forged');
    else plain.push(line);
  }
  // Words to people, at the start.
  expect(plain.every((line) => /^policyd|^\s|serving on/.test(line))).toBe(true);
});
