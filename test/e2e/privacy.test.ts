import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fault, Upstream } from '../upstreams/upstream.ts';
import { Policyd, until } from './policyd.ts';

let inside: Upstream;
let outside: Upstream;
let policyd: Policyd;
const SECRET = 'the customer is Erika Mustermann';

beforeAll(async () => {
  inside = await Upstream.start();
  outside = await Upstream.start();
  policyd = await Policyd.start(
    `
backends:
  inside: { type: vllm, url: "${inside.url}", max_in_flight: 1, tier: 1, timeouts: { first_token: 500ms }, models: { small: {}, shared: {} } }
  outside: { type: openai, url: "${outside.url}", api_key_env: KEY, tier: 5, models: { shared: { price: { input: 1, output: 1 } }, big: { price: { input: 1, output: 1 } } } }
aliases: { support: small, support-alias: big, support-shared: shared }
fallbacks: { small: [big, shared], big: [small], shared: [big] }
auto: { support-auto: { candidates: ["*"] } }
traffic:
  - { name: customer-data, match: { model: "support*" }, privacy: restricted, min_tier: 1 }
`,
    { env: { KEY: 'sk-x' }, args: ['--probe-interval', '300', '--queue-wait', '400'] },
  );
});
afterAll(async () => {
  await policyd.stop();
  await inside.stop();
  await outside.stop();
});

const NAMES = ['support', 'support-alias', 'support-shared', 'support-auto'];
const HINTS = [{}, { 'x-nexus-flexible': 'true' }, { 'x-nexus-strict': 'true', 'x-nexus-flexible': 'true' }] as const;
const messages = [{ role: 'user', content: SECRET }];

/** Restricted traffic under every name and hint, streams and plain, many at once: the backend has room for one, so they queue too. */
async function sendAll(): Promise<{ status: number; backend: string | null; zone: string | null }[]> {
  const calls = NAMES.flatMap((model) => HINTS.flatMap((hints) => [false, true].map((stream) => ({ model, hints, stream }))));
  return Promise.all(
    calls.map(async ({ model, hints, stream }) => {
      const answer = await policyd.chat(model, { messages, stream }, hints);
      await answer.text().catch(() => {});
      return { status: answer.status, backend: answer.headers.get('x-nexus-backend'), zone: answer.headers.get('x-nexus-privacy-zone') };
    }),
  );
}

function expectNothingOutside(): void {
  expect(outside.received.filter(({ body }) => body.includes('Mustermann'))).toEqual([]);
}

test('unrestricted traffic does reach the outside: the test can see it', async () => {
  const answer = await policyd.chat('big', { messages: [{ role: 'user', content: 'Mustermann' }] });
  expect([answer.status, answer.headers.get('x-nexus-backend')]).toEqual([200, 'outside']);
  expect(outside.calls.some(({ body }) => body.includes('Mustermann'))).toBe(true);
  outside.received.length = 0;
});

test('with the inside up, restricted traffic is served inside, for that reason', async () => {
  const answer = await policyd.chat('support-shared', { messages });
  expect([answer.status, answer.headers.get('x-nexus-backend'), answer.headers.get('x-nexus-route-reason')]).toEqual([
    200,
    'inside',
    'privacy-requirement',
  ]);
  for (const result of await sendAll())
    expect([result.status === 200 ? 'inside' : 'none', result.status === 200 ? 'restricted' : 'none']).toEqual([
      result.backend,
      result.zone,
    ]);
  expectNothingOutside();
});

const FAULTS: readonly Fault[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 429 },
  { kind: 'reset' },
  { kind: 'empty' },
  { kind: 'cut' },
  { kind: 'stall' },
];
for (const fault of FAULTS) {
  test(`failing over from ${JSON.stringify(fault)} never leads outside`, async () => {
    inside.fault = fault;
    for (const result of await sendAll()) expect(result.backend).not.toBe('outside');
    expectNothingOutside();
    inside.fault = null;
  });
}

test('a queue that ends in vain does not lead outside', async () => {
  inside.delay = 2_000;
  const results = await sendAll();
  expect(results.filter(({ status }) => status === 503).length).toBeGreaterThan(10);
  expectNothingOutside();
  inside.delay = 0;
});

test('with the inside down it is refused, with the reason; and served again once it is up', async () => {
  const { port } = inside;
  await inside.stop();
  await until(async () => {
    await sendAll();
    return (await policyd.get<{ backends: { state: string }[] }>('/health')).backends[0].state === 'down';
  }, 'the loss to be noticed');
  for (const result of await sendAll()) expect(result).toEqual({ status: 503, backend: 'none', zone: 'none' });
  const refusal = await policyd.chat('support-auto', { messages });
  const body = (await refusal.json()) as { context: object; rejection_reasons: { agent_id: string; reconciler: string }[] };
  expect(body.context).toMatchObject({ privacy_zone_required: 'restricted', available_backends: ['outside'] });
  expect(body.rejection_reasons.map(({ agent_id, reconciler }) => `${agent_id} ${reconciler}`)).toContain('outside PrivacyReconciler');
  expectNothingOutside();
  inside = await Upstream.start({ port });
  await until(async () => (await policyd.chat('support', { messages })).status === 200, 'the inside to heal');
  expectNothingOutside();
});

test('health checks carry nothing of the traffic', () => {
  for (const { method, body } of outside.received) if (method === 'GET') expect(body.length).toBe(0);
});
