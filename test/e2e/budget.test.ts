import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd } from './policyd.ts';

let cloud: Upstream;
let house: Upstream;
beforeAll(async () => {
  cloud = await Upstream.start({ models: ['m'] });
  house = await Upstream.start({ models: ['m'] });
});
afterAll(async () => {
  await cloud.stop();
  await house.stop();
});

interface Budgets {
  readonly budgets: readonly Record<string, number | string>[];
}

/** A call costs at most $0.10: 100 output tokens at $1,000 a million; it does cost 7 of them. */
const policy = (budgets: string, more = ''): string => `
backends:
  cloud: { type: openai, url: "${cloud.url}", api_key_env: CLOUD_KEY, priority: 90, models: { m: { price: { input: 0, output: 1000 } } } }
${more}
budgets: { ${budgets} }
`;
const ASK = { max_tokens: 100 };
const start = (text: string): Promise<Policyd> => Policyd.start(text, { env: { CLOUD_KEY: 'sk-test' } });

test('1,000 requests at once, of at most $0.10 each, on $5: exactly 50 pass', async () => {
  const policyd = await start(policy('all: { limit_usd: 5, hard_limit_action: block_all }'));
  // None of the 50 may end and give its rest back before the last of the others asked.
  cloud.delay = 4_000;
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => policyd.chat('m', ASK)));
  cloud.delay = 0;
  const passed = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 503);
  expect([passed.length, refused.length]).toEqual([50, 950]);
  const reasons = (await refused[0].json()) as { rejection_reasons: { reconciler: string; reason: string }[] };
  expect(reasons.rejection_reasons[0].reconciler).toBe('BudgetReconciler');
  expect(refused[0].headers.get('retry-after')).toBeTruthy();
  await expect
    .poll(async () => (await policyd.get<Budgets>('/v1/budgets')).budgets[0])
    .toMatchObject({ settled_usd: 0.35, reserved_usd: 0, headroom_usd: 4.65 });
  await policyd.stop();
}, 60_000);

describe('a call', () => {
  let policyd: Policyd;
  beforeAll(async () => {
    policyd = await start(policy('all: { limit_usd: 5, hard_limit_action: block_all }'));
  });
  afterAll(() => policyd.stop());
  const settled = async (): Promise<number> => Number((await policyd.get<Budgets>('/v1/budgets')).budgets[0].settled_usd);

  test.each([
    ['whole', {}, 0.007],
    ['streamed, with no usage for the caller', { stream: true }, 0.007],
    ['streamed, with usage', { stream: true, stream_options: { include_usage: true } }, 0.007],
  ])('%s settles for what its answer says', async (_, more, cost) => {
    const before = await settled();
    const answer = await policyd.chat('m', { ...ASK, ...more });
    const text = await answer.text();
    expect(answer.status).toBe(200);
    expect(text.includes('"choices":[]')).toBe('stream_options' in more);
    await expect.poll(settled).toBeCloseTo(before + cost, 9);
  });

  test('that fails before its first byte costs nothing', async () => {
    const before = await settled();
    cloud.fault = { kind: 'status', status: 500 };
    expect((await policyd.chat('m', ASK)).status).toBe(500);
    cloud.fault = null;
    const { budgets } = await policyd.get<Budgets>('/v1/budgets');
    expect([budgets[0].settled_usd, budgets[0].reserved_usd]).toEqual([before, 0]);
  });
});

test.each([
  ['a faster tier', { service_tier: 'priority' }],
  ['searches', { web_search_options: {} }],
  ['a file that only the provider has', { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] }],
])('%s: nobody knows the most that it costs, so that a budget that blocks does not bear it', async (_, more) => {
  const policyd = await start(policy('all: { limit_usd: 5, hard_limit_action: block_all }'));
  const refused = await policyd.chat('m', { ...ASK, ...more });
  expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining('is not known, and budget `all` blocks')]);
  expect((await policyd.chat('m', { ...ASK, service_tier: 'auto' })).status).toBe(200);
  await policyd.stop();
});

test('degrade before block: what the budget cannot bear goes home', async () => {
  const home = `  house: { type: vllm, url: "${house.url}", models: { m: {} } }`;
  const policyd = await start(policy('all: { limit_usd: 0.15, soft_limit_percent: 99 }', home));
  const where = async (): Promise<string | null> => (await policyd.chat('m', ASK)).headers.get('x-nexus-backend');
  const homes = new Set<string | null>();
  for (let count = 0; count < 12; count++) homes.add(await where());
  // $0.15 bears 8 calls of $0.007 beside the $0.10 of one in flight.
  expect([...homes]).toEqual(['cloud', 'house']);
  await policyd.stop();
});
