import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd } from './policyd.ts';

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const NAMES = ['chat', 'messages', 'responses', 'ollama', 'embeddings', 'route', 'counter'] as const;

let upstream: Upstream;
let policyd: Policyd;
beforeAll(async () => {
  upstream = await Upstream.start({ models: ['m', 'v'] });
  const requests = NAMES.map((name) => `  ${name}: { sha256: "${hash(name)}", rate: { requests: 2/h } }`).join('\n');
  policyd = await Policyd.start(`
backends:
  house: { type: vllm, url: "${upstream.url}", models: { m: {}, v: { capabilities: [embeddings] } } }
keys:
${requests}
  words: { sha256: "${hash('words')}", rate: { tokens: 200/h } }
  free: { sha256: "${hash('free')}", scopes: [llm:invoke, admin] }
`);
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

const messages = [{ role: 'user', content: 'hello there' }];
const ENDPOINTS: Readonly<Record<(typeof NAMES)[number], readonly [path: string, body: object, errorAt: string]>> = {
  chat: ['/v1/chat/completions', { model: 'm', messages }, 'error.code'],
  messages: ['/v1/messages', { model: 'm', messages, max_tokens: 10 }, 'error.type'],
  responses: ['/v1/responses', { model: 'm', input: 'hello there' }, 'error.code'],
  ollama: ['/api/chat', { model: 'm', messages, stream: false }, 'error'],
  embeddings: ['/v1/embeddings', { model: 'v', input: 'hello there' }, 'error.code'],
  route: ['/v1/route', { model: 'm', messages }, 'error.code'],
  counter: ['/v1/messages/count_tokens', { model: 'm', messages }, 'error.type'],
};
const SAID: Readonly<Record<string, string | RegExp>> = {
  'error.code': 'rate_limit_exceeded',
  'error.type': 'rate_limit_error',
  error: /may ask for 2 requests in 3600 s/,
};

describe('requests', () => {
  test.each(NAMES)('%s: a third in an hour is told in the words of its API when to come back', async (name) => {
    const [path, body, at] = ENDPOINTS[name];
    const ask = () => policyd.post(path, body, bearer(name));
    for (const answer of [await ask(), await ask()]) {
      expect(answer.status).toBe(200);
      await answer.arrayBuffer();
    }
    const refused = await ask();
    expect(refused.status).toBe(429);
    const wait = Number(refused.headers.get('retry-after'));
    expect([wait > 1_700, wait <= 1_800]).toEqual([true, true]);
    expect(refused.headers.get('x-should-retry')).not.toBe('false');
    let said: unknown = await refused.json();
    for (const member of at.split('.')) said = (said as Record<string, unknown>)[member];
    expect(said).toMatch(SAID[at]);
  });

  test('of one key are not those of another', async () => {
    for (let count = 0; count < 4; count++) expect((await policyd.chat('m', {}, bearer('free'))).status).toBe(200);
  });
});

const RATES = /^policyd_refusals_total\{limit="rate-tokens"\} (\d+)$/m;

test('tokens: a cap is held while its answer comes, and what was not used comes back', async () => {
  const refusals = async () =>
    Number(RATES.exec(await (await fetch(`${policyd.url}/metrics`, { headers: bearer('free') })).text())?.[1] ?? 0);
  const ask = (max_tokens: number) => policyd.chat('m', { max_tokens }, bearer('words'));
  upstream.delay = 300;
  const [first, second] = await Promise.all([ask(150), ask(150)]);
  upstream.delay = 0;
  expect([first.status, second.status].sort()).toEqual([200, 429]);
  await Promise.all([first.arrayBuffer(), second.arrayBuffer()]);
  // An answer is 18 tokens by its own account; the next one passes while there is room for its 20 and about as many of input.
  let passed = 1;
  for (;;) {
    const answer = await ask(20);
    await answer.arrayBuffer();
    if (answer.status !== 200) break;
    passed++;
  }
  expect(passed).toBe(9);
  expect(await refusals()).toBe(2);
});
