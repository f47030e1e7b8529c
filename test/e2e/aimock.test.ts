import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Policyd } from './policyd.ts';

/** A second server that somebody else wrote: what holds only against our own upstream would show here. */
let mock: LLMock;
let policyd: Policyd;
let direct: OpenAI;
let through: OpenAI;

beforeAll(async () => {
  mock = new LLMock({ port: 0 });
  mock.onMessage('weather', { toolCalls: [{ name: 'weather', arguments: '{"city":"Köln"}' }] });
  mock.onMessage(/.*/, { content: 'Hello from somebody else’s server, in several chunks of a stream.' });
  await mock.start();
  policyd = await Policyd.start(
    `
backends:
  cloud:
    type: openai
    url: ${mock.url}/v1
    api_key_env: CLOUD_KEY
    models: { gpt-4o-mini: { price: free }, text-embedding-3-small: { capabilities: [embeddings], price: free } }
`,
    { env: { CLOUD_KEY: 'sk-test' } },
  );
  const options = { apiKey: 'sk-test', maxRetries: 0 };
  direct = new OpenAI({ ...options, baseURL: `${mock.url}/v1` });
  through = new OpenAI({ ...options, baseURL: `${policyd.url}/v1` });
});
afterAll(async () => {
  await policyd.stop();
  await mock.stop();
});

async function collect(client: OpenAI, content: string): Promise<{ text: string; finish: string | null; calls: string; chunks: number }> {
  const stream = await client.chat.completions.create({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content }] });
  const found = { text: '', finish: null as string | null, calls: '', chunks: 0 };
  for await (const { choices } of stream) {
    found.chunks++;
    found.text += choices[0]?.delta.content ?? '';
    found.calls += choices[0]?.delta.tool_calls?.[0]?.function?.arguments ?? '';
    found.finish = choices[0]?.finish_reason ?? found.finish;
  }
  return found;
}

test('a stream has the same chunks as a direct one, with text and with tools', async () => {
  for (const content of ['hello', 'weather']) {
    const expected = await collect(direct, content);
    expect(expected.chunks).toBeGreaterThan(2);
    expect(await collect(through, content)).toEqual(expected);
  }
});

test('a plain answer and embeddings are those of a direct call', async () => {
  const ask = (client: OpenAI) => client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] });
  const [expected, found] = [await ask(direct), await ask(through)];
  expect(found.choices).toEqual(expected.choices);
  const embed = (client: OpenAI) => client.embeddings.create({ model: 'text-embedding-3-small', input: 'hello' });
  expect((await embed(through)).data).toEqual((await embed(direct)).data);
});
