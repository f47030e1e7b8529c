import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd, until } from './policyd.ts';

/** Keys that must be seen nowhere: a backend's, a caller's, and one that nobody knows. None has the shape of a known provider's. */
const BACKEND = 'canary/backend+key=7f3a';
const CALLER = 'canary.caller.key.91bc';
const STRANGER = 'canary-stranger-key-44de';
const CANARIES = ['canary/backend', 'canary.caller', 'canary-stranger', Buffer.from(BACKEND).toString('base64')];

/** A model for each fault: a circuit keeps requests away from one that failed before. */
const STATUSES = [401, 403, 429, 500, 529] as const;
const CUTS = ['reset', 'stall', 'empty', 'cut'] as const;
const MODELS = ['m', 'refused', ...STATUSES.map((status) => `m${status}`), ...CUTS.map((kind) => `m-${kind}`)];

let upstream: Upstream;
let policyd: Policyd;
const seen: string[] = [];

beforeAll(async () => {
  upstream = await Upstream.start({ key: BACKEND });
  const hash = createHash('sha256').update(CALLER).digest('hex');
  policyd = await Policyd.start(
    `
backends:
  sky: { type: openai, url: "${upstream.url}", api_key_env: SKY_KEY, timeouts: { first_token: 300ms }, models: { ${MODELS.map((name) => `${name}: { price: free }`).join(', ')} } }
keys:
  app: { sha256: "${hash}", scopes: [llm:invoke, admin] }
`,
    { env: { SKY_KEY: BACKEND }, args: ['--allow-unenforced', '--log-level', 'trace', '--probe-interval', '200'] },
  );
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

async function look(answer: Response): Promise<number> {
  seen.push(JSON.stringify([...answer.headers]), await answer.text().catch((error: Error) => error.message));
  return answer.status;
}

test('no key shows in any answer, header, log line or metric, whatever goes wrong', async () => {
  const known = { authorization: `Bearer ${CALLER}` };
  expect(await look(await policyd.chat('m', {}, known))).toBe(200);
  expect(upstream.calls.at(-1)?.headers.authorization).toBe(`Bearer ${BACKEND}`);
  expect(await look(await policyd.chat('m', { stream: true }, known))).toBe(200);
  expect(await look(await policyd.chat('m', {}, { authorization: `Bearer ${STRANGER}` }))).toBe(401);
  expect(await look(await policyd.chat('m', {}, { authorization: `Basic ${STRANGER}` }))).toBe(401);
  upstream.fault = { kind: 'echo-key' };
  expect(await look(await policyd.chat('m', {}, known))).toBe(400);
  expect(seen.at(-1)).toContain('[redacted]');
  for (const status of STATUSES) {
    upstream.fault = {
      kind: 'status',
      status,
      body: JSON.stringify({ error: { message: `your key ${BACKEND} is bad` } }),
      headers: { 'openai-x': BACKEND },
    };
    await until(
      async () => (await policyd.get<{ backends: { state: string }[] }>('/health')).backends[0].state === 'up',
      'the backend to heal',
    );
    expect(await look(await policyd.chat(`m${status}`, {}, known))).toBe(status === 529 ? 503 : status);
  }
  for (const kind of CUTS) {
    upstream.fault = { kind };
    await look(await policyd.chat(`m-${kind}`, { stream: true }, known));
  }
  upstream.fault = null;
  for (const path of [
    '/v1/policy',
    '/v1/models',
    `/v1/models/${STRANGER}`,
    '/health',
    '/metrics',
    '/openapi.json',
    `/nothing?key=${STRANGER}`,
  ]) {
    await look(await fetch(policyd.url + path, { headers: known }));
  }
  // The caller's own words come back to the caller alone.
  seen.splice(0, seen.length, ...seen.filter((text) => !text.includes(`does not exist`)));
  await look(await policyd.post('/v1/route', { model: 'm', messages: [{ role: 'user', content: 'x' }] }, known));
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(policyd.lines('request').length).toBeGreaterThan(10);
  for (const canary of CANARIES) {
    expect(policyd.output).not.toContain(canary);
    for (const text of seen) expect(text).not.toContain(canary);
  }
});

test('an upstream that refuses its key is named, the key is not', async () => {
  upstream.fault = { kind: 'status', status: 401 };
  await until(
    async () => (await policyd.get<{ backends: { state: string }[] }>('/health')).backends[0].state === 'up',
    'the backend to heal',
  );
  const answer = await policyd.chat('refused', {}, { authorization: `Bearer ${CALLER}` });
  const { error } = (await answer.json()) as { error: { message: string; code: string } };
  expect([answer.status, error.code]).toEqual([401, 'upstream_key_refused']);
  expect(error.message).toContain('`sky`');
  expect(error.message).toContain('`SKY_KEY`');
  upstream.fault = null;
});
