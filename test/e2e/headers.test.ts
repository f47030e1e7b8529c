import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd, readError } from './policyd.ts';

let local: Upstream;
let cloud: Upstream;
let policyd: Policyd;

beforeAll(async () => {
  local = await Upstream.start();
  cloud = await Upstream.start({ key: 'sk-cloud' });
  policyd = await Policyd.start(
    `
backends:
  house: { type: vllm, url: "${local.url}", timeouts: { first_token: 400ms }, models: { small: { context: 100 }, tight: {} } }
  sky:
    type: openai
    url: ${cloud.url}
    api_key_env: SKY_KEY
    models: { big: { price: { input: 1.25, output: 10 } } }
traffic:
  - { name: inside, match: { model: "big-inside" }, privacy: restricted }
categories:
  SHORT: { max_output_tokens: 10 }
aliases: { big-inside: big }
`,
    { env: { SKY_KEY: 'sk-cloud' } },
  );
});
afterAll(async () => {
  await policyd.stop();
  await local.stop();
  await cloud.stop();
});

const ALWAYS = [
  'x-nexus-backend',
  'x-nexus-backend-type',
  'x-nexus-route-reason',
  'x-nexus-privacy-zone',
  'x-nexus-policy',
  'x-nexus-decision-time',
  'x-request-id',
];

function check(answer: Response, status: number, backend: string, type: string, zone: string): void {
  expect(answer.status).toBe(status);
  for (const name of ALWAYS) expect(answer.headers.get(name), name).toBeTruthy();
  expect([
    answer.headers.get('x-nexus-backend'),
    answer.headers.get('x-nexus-backend-type'),
    answer.headers.get('x-nexus-privacy-zone'),
  ]).toEqual([backend, type, zone]);
  expect(Number(answer.headers.get('x-nexus-decision-time'))).toBeGreaterThanOrEqual(0);
  expect(answer.headers.get('x-nexus-policy')).toMatch(/^[0-9a-f]{64}$/);
}

test('200 from a local backend: no cost', async () => {
  const answer = await policyd.chat('tight', {}, { 'x-request-id': 'abc-123' });
  check(answer, 200, 'house', 'local', 'restricted');
  expect(answer.headers.get('x-nexus-cost-estimated')).toBeNull();
  expect(answer.headers.get('x-request-id')).toBe('abc-123');
  expect(answer.headers.get('x-nexus-route-reason')).toBe('capability-match');
  expect(answer.headers.get('openai-version')).toBe('2020-10-01');
});

test('200 and a stream from the cloud: cost in dollars, the added cap is announced and sent', async () => {
  for (const stream of [false, true]) {
    const answer = await policyd.chat('big', { stream });
    check(answer, 200, 'sky', 'cloud', 'open');
    expect(answer.headers.get('x-nexus-cost-estimated')).toMatch(/^0\.\d*[1-9]$/);
    expect(answer.headers.get('x-nexus-warning')).toBe('output-cap-added=10');
    expect(JSON.parse(cloud.calls.at(-1)!.body.toString()).max_completion_tokens).toBe(10);
    await answer.text();
  }
});

test('a cap over the category is lowered under the name that the target accepts; one below stays', async () => {
  const lowered = await policyd.chat('big', { max_tokens: 50 });
  expect(lowered.headers.get('x-nexus-warning')).toBe('output-cap-lowered=10');
  const sent = JSON.parse(cloud.calls.at(-1)!.body.toString());
  expect([sent.max_completion_tokens, sent.max_tokens]).toEqual([10, undefined]);
  const kept = await policyd.chat('big', { max_tokens: 5 });
  expect(kept.headers.get('x-nexus-warning')).toBeNull();
  expect(JSON.parse(cloud.calls.at(-1)!.body.toString()).max_tokens).toBe(5);
});

test('of two caps the higher one counts: which of them a backend obeys is its own affair', async () => {
  const lowered = await policyd.chat('big', { max_completion_tokens: 5, max_tokens: 500_000 });
  expect(lowered.headers.get('x-nexus-warning')).toBe('output-cap-lowered=10');
  const sent = JSON.parse(cloud.calls.at(-1)!.body.toString());
  expect([sent.max_completion_tokens, sent.max_tokens]).toEqual([5, 10]);
});

test('4xx of the backend, of the body, of the model, of the length, of the headers', async () => {
  local.fault = { kind: 'status', status: 418 };
  check(await policyd.chat('tight'), 418, 'house', 'local', 'restricted');
  local.fault = null;
  check(await policyd.post('/v1/chat/completions', '{"model":'), 400, 'none', 'none', 'none');
  const unknown = await policyd.chat('nobody');
  check(unknown, 404, 'none', 'none', 'none');
  expect(unknown.headers.get('x-should-retry')).toBe('false');
  expect(await unknown.json()).toMatchObject({ error: { code: 'model_not_found', type: 'invalid_request_error', param: 'model' } });
  const long = await policyd.chat('small', { messages: [{ role: 'user', content: 'many words '.repeat(200) }] });
  check(long, 400, 'none', 'none', 'none');
  expect((await readError(long)).error.code).toBe('context_length_exceeded');
  const hint = await policyd.chat('tight', {}, { 'x-nexus-category': 'NOBODY' });
  check(hint, 400, 'none', 'none', 'none');
  expect((await readError(hint)).error.message).toContain('`NOBODY`');
  check(await policyd.chat('tight', {}, { 'x-nexus-strict': 'perhaps' }), 400, 'none', 'none', 'none');
  check(await policyd.post('/v1/chat/completions', 'x'.repeat(11 << 20)), 413, 'none', 'none', 'none');
  check(await policyd.post('/v1/chat/completions', 'a=b', { 'content-type': 'text/plain' }), 415, 'none', 'none', 'none');
});

test('a body over the limit is taken to its end, so that a caller that is still writing gets the answer', async () => {
  const size = 20 << 20;
  const statuses: (number | undefined)[] = [];
  const call = request(`${policyd.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': size },
  });
  call.on('response', (answer) => statuses.push(answer.resume().statusCode));
  call.write(Buffer.alloc(1 << 20, 'x'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const written = once(call, 'finish', { signal: AbortSignal.timeout(5_000) });
  call.end(Buffer.alloc(size - (1 << 20), 'x'));
  await written;
  await expect.poll(() => statuses).toEqual([413]);
});

test('5xx of the last backend keeps its status and body', async () => {
  local.fault = { kind: 'status', status: 502, body: '{"its":"own words"}' };
  const answer = await policyd.chat('tight');
  check(answer, 502, 'house', 'local', 'restricted');
  expect(await answer.text()).toBe('{"its":"own words"}');
  local.fault = { kind: 'status', status: 529 };
  check(await policyd.chat('tight'), 503, 'house', 'local', 'restricted');
  local.fault = null;
});

test('504 where the first token does not come in time', async () => {
  local.fault = { kind: 'stall' };
  for (const stream of [false, true]) {
    const answer = await policyd.chat('tight', { stream });
    check(answer, 504, 'house', 'local', 'restricted');
    expect(await answer.json()).toMatchObject({
      error: { code: 'upstream_timeout', message: expect.stringContaining('timeouts.first_token') },
      rejection_reasons: [{ agent_id: 'house', reconciler: 'SchedulerReconciler' }],
    });
    expect(JSON.parse(answer.headers.get('x-nexus-rejection-reasons')!)).toMatchObject([{ agent_id: 'house' }]);
  }
  await expect.poll(() => local.aborted).toBeGreaterThanOrEqual(2);
  local.fault = null;
});

test('503 without a backend explains itself in body and header, and says that waiting is in vain', async () => {
  const answer = await policyd.chat('big-inside');
  check(answer, 503, 'none', 'none', 'none');
  const body = await readError(answer);
  expect(body).toMatchObject({
    error: { type: 'service_unavailable', code: 'no_target' },
    context: { required_tier: 1, available_backends: ['house', 'sky'], eta_seconds: null, privacy_zone_required: 'restricted' },
    rejection_reasons: [{ agent_id: 'sky', reconciler: 'PrivacyReconciler' }],
  });
  expect(body.rejection_reasons[0].suggested_action).not.toBe('');
  expect(JSON.parse(answer.headers.get('x-nexus-rejection-reasons')!)).toEqual(body.rejection_reasons);
  expect(answer.headers.get('x-should-retry')).toBe('false');
});

test('a request id that could not stand in a header or a log is replaced', async () => {
  const answer = await policyd.chat('tight', {}, { 'x-request-id': 'a b"c' });
  expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});

test('a path that is unknown, or no path at all, answers in the envelope', async () => {
  const unknown = await fetch(`${policyd.url}/v1/nothing`);
  expect([unknown.status, (await readError(unknown)).error.code]).toEqual([404, 'unknown_url']);
  const none = await fetch(`${policyd.url}/v1/models/%zz`);
  expect([none.status, (await readError(none)).error.code]).toEqual([400, 'bad_url']);
});

test('a refusal that no retry cures says so', async () => {
  const refusals = [
    await policyd.chat('tight', {}, { 'x-nexus-strict': 'perhaps' }),
    await policyd.post('/v1/chat/completions', 'a=b', { 'content-type': 'text/plain' }),
    await policyd.post('/v1/chat/completions', '{"model":'),
    await fetch(`${policyd.url}/v1/nothing`),
    await fetch(`${policyd.url}/v1/models/nobody`),
  ];
  expect(refusals.map((answer) => [answer.status, answer.headers.get('x-should-retry')])).toEqual(
    [400, 415, 400, 404, 404].map((status) => [status, 'false']),
  );
});
