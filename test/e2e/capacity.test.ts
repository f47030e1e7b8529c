import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd, readError, until } from './policyd.ts';

let small: Upstream;
let large: Upstream;
let cold: Upstream;
let policyd: Policyd;

beforeAll(async () => {
  small = await Upstream.start();
  large = await Upstream.start();
  cold = await Upstream.start({ models: ['warm:latest', 'sleepy'], resident: ['warm:latest'] });
  policyd = await Policyd.start(
    `
backends:
  small: { type: vllm, url: "${small.url}", max_in_flight: 2, models: { only: {}, both: { quality: 0.9 } } }
  large: { type: vllm, url: "${large.url}", models: { both: { quality: 0.1 }, sleepy: { quality: 0.1 } } }
  cold: { type: ollama, url: "${cold.url}", models: { warm: {}, sleepy: { quality: 0.9 } } }
categories: { ANY: { objective: quality } }
`,
    { args: ['--queue-wait', '700', '--queue-depth', '4', '--probe-interval', '300'] },
  );
});
afterAll(async () => {
  await policyd.stop();
  await Promise.all([small.stop(), large.stop(), cold.stop()]);
});
afterEach(() => {
  for (const upstream of [small, large, cold]) upstream.delay = 0;
});

async function ask(model: string): Promise<{ status: number; backend: string | null; reason: string | null; ms: number }> {
  const begun = performance.now();
  const answer = await policyd.chat(model);
  await answer.text();
  return {
    status: answer.status,
    backend: answer.headers.get('x-nexus-backend'),
    reason: answer.headers.get('x-nexus-route-reason'),
    ms: performance.now() - begun,
  };
}

test('a full backend gives way to the next; its capacity is never exceeded', async () => {
  small.delay = 200;
  const results = await Promise.all(Array.from({ length: 6 }, () => ask('both')));
  expect(results.filter(({ backend }) => backend === 'small')).toHaveLength(2);
  expect(results.filter(({ reason }) => reason === 'capacity-overflow')).toHaveLength(4);
});

test('capacity belongs to the backend, not to its models', async () => {
  small.delay = 300;
  const held = [ask('both'), ask('only')];
  await until(() => small.calls.length >= 2, 'both to arrive');
  expect((await ask('both')).backend).toBe('large');
  await Promise.all(held);
});

test('where every target is full, requests wait in order and are served', async () => {
  small.delay = 150;
  const results = await Promise.all(Array.from({ length: 6 }, () => ask('only')));
  expect(results.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
  expect(Math.max(...results.map(({ ms }) => ms))).toBeGreaterThan(400);
});

test('waiting is bounded in number and time: then 503, and when to come again', async () => {
  small.delay = 2_000;
  const held = [ask('only'), ask('only')];
  await until(
    async () => (await policyd.get<{ backends: { in_flight: number }[] }>('/health')).backends[0].in_flight === 2,
    'the backend to be full',
  );
  const begun = performance.now();
  const answers = await Promise.all(Array.from({ length: 7 }, () => policyd.chat('only')));
  expect(answers.map(({ status }) => status)).toEqual(Array(7).fill(503));
  expect(performance.now() - begun).toBeGreaterThan(650);
  expect(performance.now() - begun).toBeLessThan(1_500);
  const refusal = answers[0];
  expect(refusal.headers.get('retry-after')).toBe('1');
  expect(refusal.headers.get('x-should-retry')).toBeNull();
  expect(await readError(refusal)).toMatchObject({
    error: { code: 'no_capacity' },
    context: { eta_seconds: 1 },
    rejection_reasons: [{ agent_id: 'small', reconciler: 'SchedulerReconciler' }],
  });
  await Promise.all(held);
});

test('who leaves while waiting takes no place', async () => {
  small.delay = 300;
  const held = [ask('only'), ask('only')];
  await until(
    async () => (await policyd.get<{ backends: { in_flight: number }[] }>('/health')).backends[0].in_flight === 2,
    'the backend to be full',
  );
  const before = small.calls.length;
  const leaving = new AbortController();
  const gone = policyd.post('/v1/chat/completions', { model: 'only', messages: [{ role: 'user', content: 'x' }] }, {}, leaving.signal);
  await new Promise((resolve) => setTimeout(resolve, 50));
  leaving.abort();
  await expect(gone).rejects.toThrow();
  await Promise.all(held);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(small.calls.length).toBe(before);
  expect((await policyd.get<{ backends: { in_flight: number }[] }>('/health')).backends[0].in_flight).toBe(0);
});

test('a model that is not in memory is loading from its first request on: others wait for it, then find it loaded', async () => {
  cold.delay = 400;
  const first = ask('sleepy');
  await until(() => cold.calls.length > 0, 'the first to arrive');
  const route = await policyd.post('/v1/route', { model: 'sleepy', messages: [{ role: 'user', content: 'x' }] });
  expect(((await route.json()) as { decision: object }).decision).toMatchObject({
    decision: 'queue',
    reason: 'loading',
    backend: 'cold',
    fallback: 'large/sleepy',
  });
  const others = await Promise.all([ask('sleepy'), ask('sleepy')]);
  expect((await first).backend).toBe('cold');
  expect(others.map(({ status }) => status)).toEqual([200, 200]);
});

test('a model in memory is not loading', async () => {
  cold.delay = 200;
  const before = cold.calls.length;
  const both = [ask('warm'), ask('warm')];
  await until(() => cold.calls.length === before + 2, 'both to arrive', 150);
  await Promise.all(both);
});
