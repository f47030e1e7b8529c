import Anthropic, { APIError, BadRequestError } from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCount, writeCount } from '../../../runtime/ingress/messages/count-tokens.ts';
import { messagesIngress } from '../../../runtime/ingress/messages/messages.ts';
import { CountMemory } from '../../../runtime/intent/count-memory.ts';
import { readRequestBody } from '../../../runtime/intent/request-body.ts';
import { countTokens } from '../../../runtime/intent/token-count.ts';
import { loadEncoding } from '../../../runtime/intent/tokens/encoding.ts';
import { expectShape } from '../../shapes/expect-shape.ts';
import { ANSWER_NAMES, ANSWERS, type AnswerName, completionOf, streamOf } from './chat-answers.ts';
import { type Behind, type Served, serveIngress } from './serve-ingress.ts';

let served: Served;
let client: Anthropic;
let behind: Behind;

beforeAll(async () => {
  loadEncoding('o200k_base');
  served = await serveIngress({ '/v1/messages': messagesIngress }, () => behind, {
    '/v1/messages/count_tokens': (body) =>
      writeCount(countTokens(readRequestBody('chat', readCount(body).chat), new CountMemory()).exact('o200k_base', 1e9)),
  });
  client = new Anthropic({ apiKey: 'none', baseURL: served.url, maxRetries: 0 });
});
afterAll(() => served.close());

function answerWith(name: AnswerName): void {
  behind = { whole: ANSWERS[name].whole, stream: [streamOf(ANSWERS[name].stream)] };
}

const ASK = { model: 'smart', max_tokens: 100, messages: [{ role: 'user' as const, content: 'hi' }] };
const TOOLS = [{ name: 'weather', input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } } }];

describe('the official client', () => {
  test.each(ANSWER_NAMES)('takes a whole answer and the same one streamed for the same: %s', async (name) => {
    answerWith(name);
    const whole = await client.messages.create({ ...ASK, tools: TOOLS });
    expectShape('message', whole);
    const streamed = await client.messages.stream({ ...ASK, tools: TOOLS }).finalMessage();
    const plain = JSON.parse(JSON.stringify(streamed));
    for (const block of plain.content) delete block.parsed;
    delete plain.parsed_output;
    expectShape('message', plain);
    expect(plain).toEqual({ ...whole, usage: { ...whole.usage, cache_creation: plain.usage.cache_creation } });
  });

  test('sees text, thoughts, calls and their reasons', async () => {
    answerWith('thought');
    const thought = await client.messages.create(ASK);
    expect(thought.content).toEqual([
      { type: 'thinking', thinking: 'Two and two.', signature: '' },
      { type: 'text', text: 'Four.', citations: null },
    ]);
    expect(thought).toMatchObject({ id: 'msg_BkA0a1b2', model: 'gpt-5.1', stop_reason: 'end_turn' });
    expect(thought.usage).toMatchObject({
      input_tokens: 40,
      cache_read_input_tokens: 64,
      cache_creation_input_tokens: 16,
      output_tokens: 34,
      output_tokens_details: { thinking_tokens: 20 },
    });
    answerWith('calls');
    const calls = await client.messages.stream({ ...ASK, tools: TOOLS }).finalMessage();
    expect(calls.stop_reason).toBe('tool_use');
    expect(calls.content.map((block) => (block.type === 'tool_use' ? [block.id, block.name, block.input] : block.type))).toEqual([
      'text',
      ['call_Paris1', 'weather', { city: 'Paris', days: 2 }],
      ['call_Rome2', 'weather', { city: 'Roma 🏛️' }],
    ]);
    answerWith('cut');
    expect((await client.messages.create(ASK)).stop_reason).toBe('max_tokens');
    answerWith('refused');
    const refused = await client.messages.stream(ASK).finalMessage();
    expect(refused).toMatchObject({ stop_reason: 'refusal', stop_details: { explanation: "I can't help with that." } });
  });

  test('gets a thought with its signature, and sends it back with the results', async () => {
    answerWith('thoughtfulCall');
    for (const streams of [false, true]) {
      const ask = { ...ASK, tools: TOOLS };
      const answer = streams ? await client.messages.stream(ask).finalMessage() : await client.messages.create(ask);
      expect(answer.content).toMatchObject([
        { type: 'thinking', thinking: 'I need it.', signature: 'U0lHTkVE' },
        { type: 'tool_use', id: 'toolu_01' },
      ]);
      const results = [{ type: 'tool_result' as const, tool_use_id: 'toolu_01', content: 'rain' }];
      await client.messages.create({
        ...ask,
        messages: [...ASK.messages, { role: 'assistant', content: answer.content }, { role: 'user', content: results }],
      });
      const { pivot, chat, mayGoNative } = served.requests.at(-1)!;
      const [whole] = JSON.parse(ANSWERS.thoughtfulCall.whole.toString()).choices;
      expect(JSON.parse(pivot.toString()).messages[1].tool_calls).toEqual(whole.message.tool_calls);
      expect(JSON.parse(chat.toString()).messages[1].tool_calls[0].id).toBe('toolu_01');
      expect(JSON.parse(chat.toString()).messages[2].tool_call_id).toBe('toolu_01');
      expect(mayGoNative).toBe(true);
    }
  });

  test('names the stop sequence that the server named', async () => {
    const answer = JSON.parse(completionOf({ content: 'a' }, 'stop').toString());
    answer.choices[0].stop_reason = 'END';
    behind = { whole: Buffer.from(JSON.stringify(answer)), stream: [] };
    const told = await client.messages.create({ ...ASK, stop_sequences: ['END'] });
    expect(told).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'END' });
    const other = await client.messages.create({ ...ASK, stop_sequences: ['FIN'] });
    expect(other).toMatchObject({ stop_reason: 'end_turn', stop_sequence: null });
  });

  test('counts tokens without an output cap', async () => {
    const { max_tokens: _, ...ask } = ASK;
    const few = await client.messages.countTokens(ask);
    const more = await client.messages.countTokens({ ...ask, system: 'You are a kind clerk.', tools: TOOLS });
    expect(few.input_tokens).toBeGreaterThan(0);
    expect(more.input_tokens).toBeGreaterThan(few.input_tokens);
  });

  test('throws its own errors: for the caller’s mistakes, all at once, and for a stream that breaks', async () => {
    const bad = client.messages.create({
      ...ASK,
      tools: [{ type: 'web_search_20250305', name: 'web_search' }],
      inference_geo: 'us',
      messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] }],
    });
    const error = await bad.then(() => null).catch((caught) => caught);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error.type).toBe('invalid_request_error');
    for (const part of ['`inference_geo`', '`tools[0]`', 'web_search_20250305', '`messages[0].content[0].source`'])
      expect(error.message).toContain(part);
    expectShape('messageError', error.error);

    behind = {
      whole: Buffer.alloc(0),
      stream: [streamOf(ANSWERS.text.stream).subarray(0, 700)],
      failure: { status: 504, message: 'too late', type: 'server_error', param: null, code: null, requestId: 'req-9' },
    };
    const broken = await client.messages
      .stream(ASK)
      .finalMessage()
      .then(() => null)
      .catch((caught) => caught);
    expect(broken).toBeInstanceOf(APIError);
    expect(broken.type).toBe('timeout_error');
    expectShape('messageError', broken.error);
  });
});
