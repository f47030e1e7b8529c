import { createHash } from 'node:crypto';
import { Ollama } from 'ollama';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ollamaChatIngress } from '../../../runtime/ingress/ollama/chat.ts';
import { ollamaEmbedIngress } from '../../../runtime/ingress/ollama/embed.ts';
import { ollamaGenerateIngress } from '../../../runtime/ingress/ollama/generate.ts';
import { readShow } from '../../../runtime/ingress/ollama/read-show.ts';
import { type ListedModel, writePs, writeShow, writeTags, writeVersion } from '../../../runtime/ingress/ollama/write-models.ts';
import { expectShape } from '../../shapes/expect-shape.ts';
import { ANSWER_NAMES, ANSWERS, type AnswerName, streamOf, USAGE } from './chat-answers.ts';
import { type Behind, type Served, serveIngress } from './serve-ingress.ts';

let served: Served;
let client: Ollama;
let behind: Behind;

const MODELS: readonly ListedModel[] = ['smart', 'fast'].map((name) => ({
  name,
  digest: createHash('sha256').update(name).digest('hex'),
  context: 8192,
  capabilities: ['chat', 'tools', 'json', 'vision', 'reasoning'],
  modifiedAt: new Date('2026-11-20T10:00:00Z'),
}));

beforeAll(async () => {
  const routes = { '/api/chat': ollamaChatIngress, '/api/generate': ollamaGenerateIngress, '/api/embed': ollamaEmbedIngress };
  served = await serveIngress(routes, () => behind, {
    '/api/tags': () => writeTags(MODELS),
    '/api/ps': () => writePs(MODELS.slice(0, 1)),
    '/api/show': (body) => writeShow(MODELS.find((model) => model.name === readShow(body))!),
    '/api/version': () => writeVersion('0.1.0'),
  });
  client = new Ollama({ host: served.url });
});
afterAll(() => served.close());

function answerWith(name: AnswerName): void {
  behind = { whole: ANSWERS[name].whole, stream: [streamOf(ANSWERS[name].stream)] };
}

const TOOLS = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }];
const ASK = { model: 'smart', messages: [{ role: 'user', content: 'hi' }], tools: TOOLS };

describe('the official client', () => {
  test.each(ANSWER_NAMES)('takes a whole answer and the same one streamed for the same: %s', async (name) => {
    answerWith(name);
    const whole = await client.chat({ ...ASK, stream: false });
    expectShape('ollamaChat', whole);
    const all = { role: 'assistant', content: '', thinking: '', tool_calls: [] as object[] };
    let last: object = {};
    for await (const line of await client.chat({ ...ASK, stream: true })) {
      expectShape('ollamaChat', line);
      all.content += line.message.content;
      all.thinking += line.message.thinking ?? '';
      all.tool_calls.push(...(line.message.tool_calls ?? []));
      last = line;
    }
    const { message, ...rest } = whole;
    expect(all).toEqual({ thinking: '', tool_calls: [], ...message });
    expect(last).toEqual({ ...rest, message: { role: 'assistant', content: '' } });
    expect(rest).toMatchObject({ prompt_eval_count: USAGE.prompt_tokens, eval_count: USAGE.completion_tokens });
  });

  test('calls tools and sends what they answered, by name alone', async () => {
    answerWith('calls');
    const answer = await client.chat({ ...ASK, stream: false });
    expect(answer.done_reason).toBe('stop');
    const strip = answer.message.tool_calls!.map(({ function: { name, arguments: given } }) => ({ function: { name, arguments: given } }));
    expect(strip[0].function.arguments).toEqual({ city: 'Paris', days: 2 });
    const results = ['rain', 'sun'].map((content) => ({ role: 'tool', content, tool_name: 'weather' }));
    const history = [...ASK.messages, { ...answer.message, tool_calls: strip }, ...results];
    await client.chat({ ...ASK, stream: false, messages: history });
    const { messages } = JSON.parse(served.requests.at(-1)!.chat.toString());
    expect(messages.slice(2)).toEqual([
      { role: 'tool', tool_call_id: messages[1].tool_calls[0].id, content: 'rain' },
      { role: 'tool', tool_call_id: messages[1].tool_calls[1].id, content: 'sun' },
    ]);
    expect(messages[1].tool_calls[0].id).not.toBe(messages[1].tool_calls[1].id);
  });

  test('sends thoughts back to their provider in the ids of calls', async () => {
    answerWith('thoughtfulCall');
    const answer = await client.chat({ ...ASK, stream: false });
    const history = [...ASK.messages, answer.message, { role: 'tool', content: 'rain', tool_name: 'weather' }];
    await client.chat({ ...ASK, stream: false, messages: history });
    const { pivot, chat } = served.requests.at(-1)!;
    const [whole] = JSON.parse(ANSWERS.thoughtfulCall.whole.toString()).choices;
    expect(JSON.parse(pivot.toString()).messages[1].tool_calls).toEqual(whole.message.tool_calls);
    expect(JSON.parse(chat.toString()).messages[2].tool_call_id).toBe('toolu_01');
  });

  test('generates, whole and streamed', async () => {
    for (const name of ['text', 'thought', 'cut', 'refused', 'empty'] as const) {
      answerWith(name);
      const whole = await client.generate({ model: 'smart', prompt: 'hi', system: 'Be brief.', stream: false });
      expectShape('ollamaGenerate', whole);
      let said = '';
      let thought = '';
      for await (const line of await client.generate({ model: 'smart', prompt: 'hi', stream: true })) {
        expectShape('ollamaGenerate', line);
        said += line.response;
        thought += line.thinking ?? '';
      }
      expect([said, thought]).toEqual([whole.response, whole.thinking ?? '']);
    }
    answerWith('cut');
    expect((await client.generate({ model: 'smart', prompt: 'hi' })).done_reason).toBe('length');
  });

  test('embeds texts, in order, as numbers or as base64', async () => {
    const floats = Buffer.from(new Float32Array([0.5, -2]).buffer).toString('base64');
    const data = [
      { object: 'embedding', index: 1, embedding: [3, 4] },
      { object: 'embedding', index: 0, embedding: floats },
    ];
    const usage = { prompt_tokens: 7, total_tokens: 7 };
    behind = { whole: Buffer.from(JSON.stringify({ object: 'list', model: 'm', data, usage })), stream: [] };
    const answer = await client.embed({ model: 'smart', input: ['a', 'b'], dimensions: 2 });
    expectShape('ollamaEmbed', answer);
    expect(answer).toEqual({
      model: 'm',
      embeddings: [
        [0.5, -2],
        [3, 4],
      ],
      prompt_eval_count: 7,
    });
    expect(JSON.parse(served.requests.at(-1)!.chat.toString())).toEqual({
      model: 'smart',
      input: ['a', 'b'],
      encoding_format: 'float',
      dimensions: 2,
    });
    await expect(client.embed({ model: 'smart', input: 'a' })).rejects.toThrow('not one embedding for each text');
  });

  test('lists and shows models', async () => {
    const list = await client.list();
    expectShape('ollamaTags', list);
    expect(list.models.map((model) => model.name)).toEqual(['smart', 'fast']);
    const running = await client.ps();
    expectShape('ollamaPs', running);
    const shown = await client.show({ model: 'fast' });
    expectShape('ollamaShow', shown);
    expect(shown.capabilities).toEqual(['completion', 'tools', 'vision', 'thinking']);
    expect(await client.version()).toEqual({ version: '0.1.0' });
  });

  test('throws errors: for the caller’s mistakes, all at once, and for a stream that breaks', async () => {
    const bad = client.generate({ model: 'smart', prompt: '', raw: true, template: 'x', context: [1], suffix: 'y' });
    const error = await bad.then(() => null).catch((caught) => caught);
    expect(error.status_code).toBe(400);
    for (const part of ['`prompt`', '`raw`', '`template`', '`context`', '`suffix`']) expect(error.message).toContain(part);

    const failure = { status: 504, message: 'too late', type: 'server_error', param: null, code: null, requestId: null };
    behind = { whole: Buffer.alloc(0), stream: [streamOf(ANSWERS.text.stream).subarray(0, 700)], failure };
    const broken = async (): Promise<void> => {
      for await (const line of await client.chat({ ...ASK, stream: true })) expectShape('ollamaChat', line);
    };
    await expect(broken()).rejects.toThrow('too late');
  });
});
