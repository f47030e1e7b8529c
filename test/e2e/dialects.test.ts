import Anthropic from '@anthropic-ai/sdk';
import { LLMock } from '@copilotkit/aimock';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Policyd } from './policyd.ts';

/** Official clients, each against a backend of each dialect, which a server that somebody else wrote plays. */
let mock: LLMock;
let policyd: Policyd;
const TEXT = 'Grüße aus dem Süden 🌞, in several pieces of a stream.';
const BACKENDS = ['cloud', 'claude', 'gemini', 'house', 'plain'] as const;

beforeAll(async () => {
  mock = new LLMock({ port: 0 });
  mock.onMessage('weather', { toolCalls: [{ name: 'weather', arguments: '{"city":"Köln"}' }] });
  mock.onMessage(/.*/, { content: TEXT });
  await mock.start();
  policyd = await Policyd.start(
    `
backends:
  cloud: { type: openai, url: "${mock.url}/v1", api_key_env: CLOUD_KEY, models: { m-cloud: { price: free, capabilities: [tools, json] } } }
  claude: { type: anthropic, url: "${mock.url}", api_key_env: CLOUD_KEY, models: { m-claude: { price: { input: 3, output: 15 }, capabilities: [tools, json] } } }
  gemini: { type: google, url: "${mock.url}/", api_key_env: CLOUD_KEY, models: { m-gemini: { price: free, capabilities: [tools, json] } } }
  house: { type: ollama, url: "${mock.url}", models: { m-house: { capabilities: [tools, json] } } }
  plain: { type: generic, zone: open, url: "${mock.url}/v1", models: { m-plain: { price: { input: 1, output: 2 }, capabilities: [tools, json] } } }
`,
    { env: { CLOUD_KEY: 'sk-test' } },
  );
});
afterAll(async () => {
  await policyd.stop();
  await mock.stop();
});

const tools = [
  { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } },
];

test('anthropic: tokens are counted here, and models listed in its own form', async () => {
  const client = new Anthropic({ apiKey: 'none', maxRetries: 0, baseURL: policyd.url });
  const before = mock.getRequests().length;
  const messages = [{ role: 'user' as const, content: 'one two three four' }];
  const { input_tokens } = await client.messages.countTokens({ model: 'm-claude', messages });
  expect(input_tokens).toBeGreaterThan(4);
  expect(input_tokens).toBeLessThan(16);
  const ids: string[] = [];
  for await (const { id } of client.models.list()) ids.push(id);
  expect(ids).toEqual(BACKENDS.map((name) => `m-${name}`));
  expect(mock.getRequests()).toHaveLength(before);
  await expect(client.messages.countTokens({ model: 'nobody', messages })).rejects.toMatchObject({ status: 404, error: { type: 'error' } });
});

test('ollama: tags, show, ps, version', async () => {
  const client = new Ollama({ host: policyd.url });
  const { models } = await client.list();
  expect(models.map(({ name }) => name)).toEqual(BACKENDS.map((name) => `m-${name}`));
  expect((await client.show({ model: 'm-house' })).capabilities).toEqual(['completion', 'tools']);
  expect((await client.ps()).models.length).toBeGreaterThan(0);
  expect((await client.version()).version).toMatch(/^\d/);
  await expect(client.show({ model: 'nobody' })).rejects.toThrow(/does not exist/);
});

describe.each(BACKENDS)('%s', (backend) => {
  const model = `m-${backend}`;
  const say = (content: string) => [{ role: 'user' as const, content }];

  test('openai: chat, stream, tools', async () => {
    const client = new OpenAI({ apiKey: 'none', maxRetries: 0, baseURL: `${policyd.url}/v1` });
    const { data, response } = await client.chat.completions.create({ model, messages: say('hello') }).withResponse();
    expect(data.choices[0].message.content).toBe(TEXT);
    expect(data.choices[0].finish_reason).toBe('stop');
    expect(response.headers.get('x-nexus-backend')).toBe(backend);
    let text = '';
    for await (const { choices } of await client.chat.completions.create({ model, messages: say('hello'), stream: true })) {
      expect(choices).toHaveLength(1);
      text += choices[0].delta.content ?? '';
    }
    expect(text).toBe(TEXT);
    const called = await client.chat.completions.create({ model, messages: say('weather'), tools });
    const [call] = called.choices[0].message.tool_calls!;
    expect(call.type === 'function' && JSON.parse(call.function.arguments)).toEqual({ city: 'Köln' });
    expect(called.choices[0].finish_reason).toBe('tool_calls');
  });

  test('anthropic: messages, stream, tools', async () => {
    const client = new Anthropic({ apiKey: 'none', maxRetries: 0, baseURL: policyd.url });
    const ask = { model, max_tokens: 100, messages: say('hello') };
    const message = await client.messages.create(ask);
    expect(message.content).toMatchObject([{ type: 'text', text: TEXT }]);
    expect(message.stop_reason).toBe('end_turn');
    const streamed = await client.messages.stream(ask).finalMessage();
    expect(streamed.content).toMatchObject([{ type: 'text', text: TEXT }]);
    const called = await client.messages.create({
      ...ask,
      messages: say('weather'),
      tools: [{ name: 'weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }],
    });
    expect(called.content.find(({ type }) => type === 'tool_use')).toMatchObject({ name: 'weather', input: { city: 'Köln' } });
    expect(called.stop_reason).toBe('tool_use');
  });

  test('openai: responses, streamed and whole', async () => {
    const client = new OpenAI({ apiKey: 'none', maxRetries: 0, baseURL: `${policyd.url}/v1` });
    const whole = await client.responses.create({ model, input: 'hello' });
    expect(whole.output_text).toBe(TEXT);
    const streamed = await client.responses.stream({ model, input: 'hello' }).finalResponse();
    expect(streamed.output_text).toBe(TEXT);
  });

  test('ollama: chat, streamed and whole', async () => {
    const client = new Ollama({ host: policyd.url });
    const whole = await client.chat({ model, messages: say('hello') });
    expect(whole.message.content).toBe(TEXT);
    let text = '';
    for await (const part of await client.chat({ model, messages: say('hello'), stream: true })) text += part.message.content;
    expect(text).toBe(TEXT);
  });
});
