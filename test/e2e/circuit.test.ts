import { afterEach, beforeEach, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd, readError, until } from './policyd.ts';

interface Health {
  readonly backends: readonly {
    readonly targets: readonly { readonly state: string; readonly reason: string; readonly retry_in_ms: number }[];
  }[];
}

let first: Upstream;
let second: Upstream;
let policyd: Policyd;

beforeEach(async () => {
  first = await Upstream.start();
  second = await Upstream.start();
  policyd = await Policyd.start(`
backends:
  first: { type: vllm, url: "${first.url}", models: { m: { quality: 0.9 }, alone: {}, neighbour: {} } }
  second: { type: vllm, url: "${second.url}", models: { m: { quality: 0.1 } } }
categories: { ANY: { objective: quality } }
`);
});
afterEach(async () => {
  await policyd.stop();
  await Promise.all([first.stop(), second.stop()]);
});

const targetOf = async (row: number): Promise<Health['backends'][number]['targets'][number]> =>
  (await policyd.get<Health>('/health')).backends[0].targets[row];

async function ask(model: string): Promise<{ status: number; backend: string | null; after: string | null }> {
  const answer = await policyd.chat(model);
  await answer.text();
  return { status: answer.status, backend: answer.headers.get('x-nexus-backend'), after: answer.headers.get('retry-after') };
}

test('five failures in a row open the circuit of that target alone; it says so everywhere, and heals by one request', async () => {
  first.fault = { kind: 'status', status: 500 };
  for (let count = 0; count < 5; count++) expect((await ask('alone')).status).toBe(500);
  const calls = first.calls.length;
  const refused = await policyd.chat('alone');
  expect([refused.status, refused.headers.get('retry-after'), first.calls.length]).toEqual([503, '1', calls]);
  expect((await readError(refused)).rejection_reasons[0]).toMatchObject({
    reconciler: 'SchedulerReconciler',
    reason: expect.stringMatching(/^`first\/alone` is down: its circuit is open for another 1 s after 5 failures in a row$/),
    suggested_action: 'retry in 1 s, or serve `alone` from another backend',
  });
  expect(await targetOf(1)).toMatchObject({ state: 'circuit-open', reason: expect.stringContaining('5 failures') });
  const metrics = await (await fetch(`${policyd.url}/metrics`)).text();
  expect(metrics).toContain('policyd_target_state{target="first/alone",state="circuit-open"} 1');
  expect(metrics).toContain('policyd_target_error_ratio{target="first/alone"} 1');
  const route = await (await policyd.post('/v1/route', { model: 'alone', messages: [{ role: 'user', content: 'x' }] })).text();
  expect(route).toContain('its circuit is open');
  first.fault = null;
  expect(await ask('neighbour')).toMatchObject({ status: 200, backend: 'first' });
  first.delay = 300;
  await until(async () => (await targetOf(1)).state === 'ready', 'the cooldown to end');
  const tried = ask('alone');
  await until(async () => (await targetOf(1)).state === 'circuit-half-open', 'one to try');
  expect((await ask('alone')).status).toBe(503);
  expect((await tried).status).toBe(200);
  expect((await ask('alone')).status).toBe(200);
});

test('a 429 rests its target for as long as it asks, and nobody is sent there meanwhile', async () => {
  first.fault = { kind: 'status', status: 429, headers: { 'retry-after': '30' } };
  expect(await ask('m')).toMatchObject({ status: 200, backend: 'second' });
  const calls = first.calls.length;
  first.fault = null;
  for (let count = 0; count < 5; count++) expect(await ask('m')).toMatchObject({ status: 200, backend: 'second' });
  expect(first.calls.length).toBe(calls);
  const { state, retry_in_ms } = await targetOf(0);
  expect(state).toBe('resting');
  expect(retry_in_ms).toBeGreaterThan(28_000);
});

test('Retry-After is the shortest wait, whoever was asked last', async () => {
  first.fault = { kind: 'status', status: 429, headers: { 'retry-after': '3' } };
  second.fault = { kind: 'status', status: 429, headers: { 'retry-after': '40' } };
  expect(await ask('m')).toEqual({ status: 429, backend: 'second', after: '3' });
  expect(await ask('m')).toEqual({ status: 503, backend: 'none', after: '3' });
});

test('waiting is not advised where it does not help', async () => {
  const keyless = await Policyd.start(
    `backends: { cloud: { type: openai, url: "${first.url}", api_key_env: NOT_SET, models: { x: { price: free } } } }`,
  );
  const answer = await keyless.chat('x');
  expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('x-should-retry')]).toEqual([503, null, 'false']);
  await keyless.stop();
});

test('a stream that is whole ends well though its connection breaks; one that stops short does not, however clean its end', async () => {
  const { ChaoticUpstream } = await import('../chaos/chaotic-upstream.ts');
  const chaotic = new ChaoticUpstream(() => 0.5);
  await chaotic.listen();
  const gateway = await Policyd.start(`backends: { server: { type: vllm, url: "${chaotic.url}", models: { m: {} } } }`);
  const read = async (): Promise<string> => (await gateway.chat('m', { stream: true, messages: [{ role: 'user', content: 'p1' }] })).text();
  chaotic.storm = 'reset-after-done';
  const whole = await read();
  expect([whole.endsWith('data: [DONE]\n\n'), whole.includes('"error"')]).toEqual([true, false]);
  chaotic.storm = 'truncate';
  const short = await read();
  expect([short.includes('[DONE]'), short.includes('upstream_connection_lost')]).toEqual([false, true]);
  chaotic.storm = 'error-event';
  expect((await read()).match(/data: \{"error"/g)).toHaveLength(1);
  await gateway.stop();
  await chaotic.stop();
});
