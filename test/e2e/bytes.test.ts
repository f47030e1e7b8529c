import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd } from './policyd.ts';

let upstream: Upstream;
let policyd: Policyd;

beforeAll(async () => {
  upstream = await Upstream.start();
  policyd = await Policyd.start(`
backends:
  local: { type: llamacpp, url: "${upstream.url}/v1", models: { small: { capabilities: [chat, tools, json, embeddings] } } }
`);
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

async function fetchBytes(url: string, body: string): Promise<{ status: number; bytes: Buffer; type: unknown }> {
  const answer = await request(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  return { status: answer.statusCode, bytes: Buffer.from(await answer.body.arrayBuffer()), type: answer.headers['content-type'] };
}

const messages = [{ role: 'user', content: 'Wie geht’s?\n"quoted" \\ back\u0000slash 🌍' }];
const tools = [{ type: 'function', function: { name: 'weather', parameters: {} } }];
const bodies: Record<string, [string, string]> = {
  plain: ['/v1/chat/completions', JSON.stringify({ model: 'small', messages })],
  stream: ['/v1/chat/completions', JSON.stringify({ model: 'small', messages, stream: true })],
  'stream with usage': [
    '/v1/chat/completions',
    JSON.stringify({ model: 'small', messages, stream: true, stream_options: { include_usage: true } }),
  ],
  tools: ['/v1/chat/completions', JSON.stringify({ model: 'small', messages, tools })],
  'tools streamed': ['/v1/chat/completions', JSON.stringify({ model: 'small', messages, tools, stream: true })],
  'json mode': ['/v1/chat/completions', JSON.stringify({ model: 'small', messages, response_format: { type: 'json_object' } })],
  embeddings: ['/v1/embeddings', JSON.stringify({ model: 'small', input: ['a', 'b'] })],
  'odd spacing and unknown fields': [
    '/v1/chat/completions',
    '{ "x_new" : [1.50, 1e3],\n\t"messages":[{"role":"user","content":"\\u0048i"}] , "model":"small" }',
  ],
};

for (const [name, [path, body]] of Object.entries(bodies)) {
  test(`${name}: what arrives and what comes back are the bytes of a direct call`, async () => {
    const direct = await fetchBytes(upstream.url + path, body);
    const through = await fetchBytes(policyd.url + path, body);
    expect(through).toEqual(direct);
    expect(direct.bytes.length).toBeGreaterThan(50);
    expect(upstream.received.at(-1)!.body.toString()).toBe(body);
  });
}

test('a refusal of the backend comes back as it is', async () => {
  upstream.fault = { kind: 'status', status: 422, body: '{"error":{"message":"näh",\n"type":"x"}}' };
  const direct = await fetchBytes(`${upstream.url}/v1/chat/completions`, bodies.plain[1]);
  expect(await fetchBytes(`${policyd.url}/v1/chat/completions`, bodies.plain[1])).toEqual(direct);
  upstream.fault = null;
});

test('the first event of a stream is out before the second is made', async () => {
  upstream.gap = 300;
  const begun = performance.now();
  const answer = await policyd.chat('small', { stream: true });
  const reader = answer.body!.getReader();
  await reader.read();
  expect(performance.now() - begun).toBeLessThan(250);
  await reader.cancel();
  upstream.gap = 0;
});

test('a caller that does not read stops the backend, and gets everything once it reads', async () => {
  const bytes = 64 << 20;
  upstream.flooded = 0;
  upstream.fault = { kind: 'flood', bytes };
  const answer = await request(`${policyd.url}/v1/chat/completions`, {
    method: 'POST',
    body: bodies.plain[1],
    headers: { 'content-type': 'application/json' },
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(upstream.flooded).toBeLessThan(bytes / 2);
  let received = 0;
  for await (const part of answer.body) received += (part as Buffer).length;
  expect(received).toBe(bytes);
  upstream.fault = null;
});
