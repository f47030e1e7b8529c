import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd } from './policyd.ts';

let upstream: Upstream;
let policyd: Policyd;
let client: OpenAI;

beforeAll(async () => {
  upstream = await Upstream.start({ models: ['small'] });
  policyd = await Policyd.start(`
backends:
  local:
    type: vllm
    url: ${upstream.url}
    models:
      small: { capabilities: [tools, json], price: free }
      vectors: { capabilities: [embeddings] }
aliases: { gpt-4o: small }
auto: { auto: { candidates: ["*"] } }
`);
  client = new OpenAI({ baseURL: `${policyd.url}/v1`, apiKey: 'sk-anything', maxRetries: 0 });
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

const messages = [{ role: 'user' as const, content: 'Where does the sun shine?' }];
const tools = [
  { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } },
];

test('chat', async () => {
  const { data, response } = await client.chat.completions.create({ model: 'small', messages }).withResponse();
  expect(data.choices[0].message.content).toBe('Grüße aus dem Süden 🌞 und «tschüss»');
  expect(response.headers.get('x-nexus-backend')).toBe('local');
});

test('an alias is resolved on the way up, and served', async () => {
  const answer = await client.chat.completions.create({ model: 'gpt-4o', messages });
  expect(answer.model).toBe('small');
  expect(JSON.parse(upstream.calls.at(-1)!.body.toString()).model).toBe('small');
});

test('streaming, with usage where it is asked for', async () => {
  const stream = await client.chat.completions.create({ model: 'auto', messages, stream: true, stream_options: { include_usage: true } });
  let text = '';
  let total = 0;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    total += chunk.usage?.total_tokens ?? 0;
  }
  expect(text).toBe('Grüße aus dem Süden 🌞 und «tschüss»');
  expect(total).toBe(18);
});

test('tools, plain and streamed', async () => {
  const answer = await client.chat.completions.create({ model: 'small', messages, tools });
  const call = answer.choices[0].message.tool_calls?.[0];
  expect(call?.type === 'function' && JSON.parse(call.function.arguments)).toEqual({ city: 'Köln' });
  const stream = client.chat.completions.stream({ model: 'small', messages, tools });
  const final = await stream.finalChatCompletion();
  const streamed = final.choices[0].message.tool_calls?.[0];
  expect(streamed?.type === 'function' && JSON.parse(streamed.function.arguments)).toEqual({ city: 'Köln' });
});

test('json mode', async () => {
  const answer = await client.chat.completions.create({ model: 'small', messages, response_format: { type: 'json_object' } });
  expect(JSON.parse(answer.choices[0].message.content ?? '')).toEqual({ answer: 42 });
});

test('embeddings', async () => {
  const answer = await client.embeddings.create({ model: 'vectors', input: ['one', 'two'] });
  expect(answer.data.map((entry) => entry.embedding.length)).toEqual([8, 8]);
  const floats = await client.embeddings.create({ model: 'vectors', input: 'one', encoding_format: 'float' });
  expect(floats.data[0].embedding).toEqual(answer.data[0].embedding);
});

test('models, aliases and virtual models are listed, and found one by one', async () => {
  const names: string[] = [];
  for await (const model of client.models.list()) names.push(model.id);
  expect(names.sort()).toEqual(['auto', 'gpt-4o', 'small', 'vectors']);
  const one = (await client.models.retrieve('gpt-4o')) as OpenAI.Model & { policyc: { kind: string; targets: string[] } };
  expect(one.policyc).toEqual({
    kind: 'alias',
    model: 'small',
    targets: ['local/small'],
    capabilities: ['chat', 'tools', 'json'],
    context: null,
  });
  await expect(client.models.retrieve('nobody')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
});

test('an abort of the client ends the call upstream', async () => {
  upstream.gap = 100;
  const before = upstream.aborted;
  const stream = await client.chat.completions.create({ model: 'small', messages, stream: true });
  for await (const _ of stream) break;
  stream.controller.abort();
  await expect.poll(() => upstream.aborted, { timeout: 3_000 }).toBe(before + 1);
  upstream.gap = 0;
});

test('errors are those of the API: unknown model, bad body, a refusal of the backend', async () => {
  await expect(client.chat.completions.create({ model: 'nobody', messages })).rejects.toMatchObject({
    status: 404,
    code: 'model_not_found',
  });
  await expect(client.chat.completions.create({ model: 'small', messages: [] })).rejects.toMatchObject({
    status: 400,
    type: 'invalid_request_error',
  });
  // The backend's wish for a rest is granted: a short one, since it is the only one here.
  upstream.fault = { kind: 'status', status: 429, headers: { 'retry-after-ms': '1' } };
  await expect(client.chat.completions.create({ model: 'small', messages })).rejects.toBeInstanceOf(OpenAI.RateLimitError);
  await new Promise((resolve) => setTimeout(resolve, 50));
  upstream.fault = { kind: 'status', status: 422 };
  await expect(client.chat.completions.create({ model: 'small', messages })).rejects.toMatchObject({ status: 422, code: 'made_up' });
  upstream.fault = null;
});

test('a stream that breaks is an error, not an end', async () => {
  upstream.fault = { kind: 'cut' };
  const stream = await client.chat.completions.create({ model: 'small', messages, stream: true });
  await expect(
    (async () => {
      for await (const _ of stream);
    })(),
  ).rejects.toThrow();
  upstream.fault = null;
});
