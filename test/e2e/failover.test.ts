import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Fault, Upstream } from '../upstreams/upstream.ts';
import { SilentServer } from '../upstreams/silent-server.ts';
import { Policyd, until } from './policyd.ts';

interface Health {
  readonly backends: readonly {
    readonly name: string;
    readonly state: string;
    readonly reason: string;
    readonly targets: { readonly state: string }[];
  }[];
}

let first: Upstream;
let second: Upstream;
let policyd: Policyd;

beforeAll(async () => {
  first = await Upstream.start({ key: 'sk-first' });
  second = await Upstream.start({ key: 'sk-second' });
  policyd = await Policyd.start(
    `
backends:
  first:
    type: generic
    zone: open
    url: ${first.url}
    api_key_env: FIRST_KEY
    priority: 90
    timeouts: { connect: 5s, first_token: 500ms, idle: 500ms, total: 3s }
    models: { m: { price: free, quality: 0.9 } }
  second:
    type: generic
    zone: open
    url: ${second.url}
    api_key_env: SECOND_KEY
    priority: 10
    models: { m: { price: free } }
categories:
  ANY: { objective: quality } # by declared quality: the order does not learn from the faults below
`,
    { env: { FIRST_KEY: 'sk-first', SECOND_KEY: 'sk-second' }, args: ['--probe-interval', '500'] },
  );
});
afterAll(async () => {
  await policyd.stop();
  await first.stop();
  await second.stop();
});
afterEach(async () => {
  first.fault = null;
  second.fault = null;
  // Their circuits heal: each test begins with both in service.
  await until(async () => (await policyd.get<Health>('/health')).backends.every(({ targets }) => targets[0].state === 'ready'), 'healing');
  expect((await policyd.chat('m')).headers.get('x-nexus-backend')).toBe('first');
});

const RETRIED: Record<string, Fault> = {
  'a reset': { kind: 'reset' },
  'an empty answer': { kind: 'empty' },
  '429': { kind: 'status', status: 429 },
  '408': { kind: 'status', status: 408 },
  '500': { kind: 'status', status: 500 },
  '529': { kind: 'status', status: 529 },
  'a refused key': { kind: 'status', status: 403 },
  silence: { kind: 'stall' },
};

for (const [name, fault] of Object.entries(RETRIED)) {
  for (const stream of [false, true]) {
    test(`${name} sends the ${stream ? 'stream' : 'request'} to the next target`, async () => {
      first.fault = fault;
      const [before, after] = [first.calls.length, second.calls.length];
      const answer = await policyd.chat('m', { stream });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-nexus-backend')).toBe('second');
      expect(answer.headers.get('x-nexus-route-reason')).toBe('failover');
      expect(await answer.text()).toContain('Grüße');
      expect([first.calls.length - before, second.calls.length - after]).toEqual([1, 1]);
    });
  }
}

test('a mistake of the caller is not sent twice', async () => {
  first.fault = { kind: 'status', status: 400 };
  const before = second.calls.length;
  const answer = await policyd.chat('m');
  expect([answer.status, second.calls.length]).toEqual([400, before]);
});

test('every target is tried once, then the last error is the answer', async () => {
  first.fault = { kind: 'status', status: 500 };
  second.fault = { kind: 'status', status: 503, body: '{"last":true}' };
  const [before, after] = [first.calls.length, second.calls.length];
  const answer = await policyd.chat('m');
  expect([answer.status, await answer.text()]).toEqual([503, '{"last":true}']);
  expect(answer.headers.get('x-nexus-backend')).toBe('second');
  expect([first.calls.length - before, second.calls.length - after]).toEqual([1, 1]);
});

test('no key of one backend reaches another, nor the caller’s any', async () => {
  first.fault = { kind: 'reset' };
  await policyd.chat(
    'm',
    {},
    { authorization: 'Bearer sk-of-the-caller', cookie: 'secret=1', 'x-custom': 'private', 'openai-organization': 'org' },
  );
  const sent = [first.calls.at(-1)!.headers, second.calls.at(-1)!.headers];
  expect(sent.map((headers) => headers.authorization)).toEqual(['Bearer sk-first', 'Bearer sk-second']);
  for (const headers of sent) {
    expect(JSON.stringify(headers)).not.toContain('sk-of-the-caller');
    expect(Object.keys(headers).sort()).toEqual([
      'accept',
      'accept-encoding',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
      'x-request-id',
    ]);
  }
});

test('after the first event nothing is retried: the stream ends with an error and without [DONE]', async () => {
  for (const kind of ['cut', 'stall-mid'] as const) {
    first.fault = { kind };
    const before = second.calls.length;
    const answer = await policyd.chat('m', { stream: true });
    const text = await answer.text();
    expect(answer.status).toBe(200);
    const events = text.trimEnd().split('\n\n');
    expect(JSON.parse(events.at(-1)!.slice('data: '.length)).error.code).toBe('upstream_connection_lost');
    expect(text).not.toContain('[DONE]');
    expect(second.calls.length).toBe(before);
  }
});

test('after the first byte of a plain answer the connection is closed, so that half of it is no answer', async () => {
  first.fault = { kind: 'cut' };
  const answer = await policyd.chat('m');
  await expect(answer.text()).rejects.toThrow();
});

test('a backend that is gone is left within 2 s, leaves the candidates, and heals by itself', async () => {
  const { port } = first;
  await first.stop();
  const begun = performance.now();
  const answer = await policyd.chat('m');
  expect(answer.headers.get('x-nexus-backend')).toBe('second');
  expect(performance.now() - begun).toBeLessThan(2_000);
  await until(async () => (await policyd.get<Health>('/health')).backends[0].state === 'down', 'the loss to be noticed', 1_000);
  const health = await policyd.get<Health>('/health');
  expect(health.backends[0]).toMatchObject({ name: 'first', state: 'down', reason: expect.stringContaining('refused') });
  const direct = await policyd.chat('m');
  expect(direct.headers.get('x-nexus-route-reason')).not.toBe('failover');
  first = await Upstream.start({ key: 'sk-first', port });
  await until(async () => (await policyd.chat('m')).headers.get('x-nexus-backend') === 'first', 'the first backend to heal');
});

test('both gone: 503 with what a caller can do, then explained by the scheduler', async () => {
  const ports = [first.port, second.port];
  await first.stop();
  await second.stop();
  const lost = await policyd.chat('m');
  expect(lost.status).toBe(503);
  expect(await lost.json()).toMatchObject({
    error: { type: 'service_unavailable' },
    context: { available_backends: [] },
    rejection_reasons: [
      { agent_id: 'second', reconciler: 'SchedulerReconciler' },
      { agent_id: 'first', reconciler: 'SchedulerReconciler' },
    ],
  });
  const refused = await policyd.chat('m');
  expect(refused.status).toBe(503);
  expect(refused.headers.get('x-nexus-backend')).toBe('none');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(((await refused.json()) as { rejection_reasons: unknown[] }).rejection_reasons).toHaveLength(2);
  first = await Upstream.start({ key: 'sk-first', port: ports[0] });
  second = await Upstream.start({ key: 'sk-second', port: ports[1] });
});

test('a backend that never connects is left within 2 s where there is another, else after its own time', async () => {
  const silent = await SilentServer.start();
  const patient = await Policyd.start(
    `
backends:
  lost: { type: generic, zone: open, url: "${silent.url}", timeouts: { connect: 2500ms }, models: { m: { price: free, quality: 0.9 }, alone: {} } }
  second: { type: generic, zone: open, url: "${second.url}", api_key_env: KEY, models: { m: { price: free, quality: 0.1 } } }
categories: { ANY: { objective: quality } }
`,
    { env: { KEY: 'sk-second' } },
  );
  await silent.silence();
  const times = await Promise.all(
    ['m', 'alone'].map(async (model) => {
      const begun = performance.now();
      const answer = await patient.chat(model);
      return { status: answer.status, backend: answer.headers.get('x-nexus-backend'), ms: performance.now() - begun };
    }),
  );
  expect(times.map(({ status, backend }) => [status, backend])).toEqual([
    [200, 'second'],
    [504, 'lost'],
  ]);
  expect(times[0].ms).toBeLessThan(2_000);
  expect(times[1].ms).toBeGreaterThan(2_400);
  await patient.stop();
  silent.stop();
});
