import OpenAI, { BadRequestError } from 'openai';
import type { ResponseInputItem, ResponseStreamEvent } from 'openai/resources/responses/responses.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { responsesIngress } from '../../../runtime/ingress/responses/responses.ts';
import { expectShape } from '../../shapes/expect-shape.ts';
import { ANSWER_NAMES, ANSWERS, type AnswerName, completionOf, deltaOf, streamOf } from './chat-answers.ts';
import { type Behind, type Served, serveIngress } from './serve-ingress.ts';

let served: Served;
let client: OpenAI;
let behind: Behind;

beforeAll(async () => {
  served = await serveIngress({ '/v1/responses': responsesIngress }, () => behind);
  client = new OpenAI({ apiKey: 'none', baseURL: `${served.url}/v1`, maxRetries: 0 });
});
afterAll(() => served.close());

function answerWith(name: AnswerName): void {
  behind = { whole: ANSWERS[name].whole, stream: [streamOf(ANSWERS[name].stream)] };
}

const TOOLS = [{ type: 'function' as const, name: 'weather', parameters: { type: 'object' }, strict: false }];
const ASK = { model: 'smart', input: 'hi', tools: TOOLS, instructions: 'Be brief.', metadata: { team: 'a' } };

async function collect(stream: AsyncIterable<ResponseStreamEvent>): Promise<ResponseStreamEvent[]> {
  const events: ResponseStreamEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** A response without what the client adds to it. */
function bare(response: object): Record<string, unknown> {
  const { output_text: _, output_parsed: __, _request_id: ___, ...rest } = JSON.parse(JSON.stringify(response));
  for (const item of rest.output) {
    delete item.parsed_arguments;
    for (const part of item.content ?? []) delete part.parsed;
  }
  return rest;
}

describe('the official client', () => {
  test.each(ANSWER_NAMES)('takes a whole answer and the same one streamed for the same: %s', async (name) => {
    answerWith(name);
    const whole = bare(await client.responses.create(ASK));
    expectShape('response', whole);
    const streamed = bare(await client.responses.stream(ASK).finalResponse());
    expectShape('response', streamed);
    expect(streamed).toEqual(whole);
    const events = await collect(await client.responses.create({ ...ASK, stream: true }));
    for (const [at, event] of events.entries()) {
      expectShape('responseEvent', event);
      expect(event.sequence_number).toBe(at);
    }
    expect(events.slice(0, 2).map((event) => event.type)).toEqual(['response.created', 'response.in_progress']);
    expect(events.at(-1)!.type).toBe(name === 'cut' ? 'response.incomplete' : 'response.completed');
  });

  test('hears the events in the order of the API', async () => {
    answerWith('calls');
    const events = await collect(await client.responses.create({ ...ASK, stream: true }));
    const item = ['response.output_item.added', 'response.output_item.done'];
    const call = ['response.function_call_arguments.delta', 'response.function_call_arguments.done'];
    expect(events.map((event) => event.type)).toEqual([
      'response.created',
      'response.in_progress',
      item[0],
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      item[1],
      ...[item[0], call[0], call[0], call[1], item[1]],
      ...[item[0], call[0], call[1], item[1]],
      'response.completed',
    ]);
  });

  test('sees text, thoughts, calls and how it ended', async () => {
    answerWith('thought');
    const thought = await client.responses.create({ ...ASK, store: true });
    expect(thought.output_text).toBe('Four.');
    expect(thought.output[0]).toMatchObject({ type: 'reasoning', summary: [{ text: 'Two and two.' }] });
    expect(thought).toMatchObject({ store: false, instructions: 'Be brief.', metadata: { team: 'a' }, tools: TOOLS });
    expect(thought.usage).toEqual({
      input_tokens: 120,
      input_tokens_details: { cached_tokens: 64, cache_write_tokens: 16 },
      output_tokens: 34,
      output_tokens_details: { reasoning_tokens: 20 },
      total_tokens: 154,
    });
    expect(served.requests.at(-1)!.warnings).toEqual(['store-ignored']);
    answerWith('cut');
    const cut = await client.responses.stream(ASK).finalResponse();
    expect(cut).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output_text: 'Once upon' });
    answerWith('refused');
    const [refused] = (await client.responses.create(ASK)).output;
    expect(refused).toMatchObject({ content: [{ type: 'refusal', refusal: "I can't help with that." }] });
  });

  test('parses structured output and strict arguments, whole and streamed', async () => {
    const text = { format: { type: 'json_schema' as const, name: 'sum', strict: true, schema: { type: 'object' } } };
    const chunks = [deltaOf({ content: '{"sum"' }), deltaOf({ content: ':4}' }), deltaOf({}, 'stop')];
    behind = { whole: completionOf({ content: '{"sum":4}' }, 'stop'), stream: [streamOf(chunks)] };
    const format = { ...text.format, $brand: 'auto-parseable-response-format', $parseRaw: JSON.parse };
    const parsed = await client.responses.parse({ model: 'smart', input: 'hi', text: { format } as typeof text });
    expect(parsed.output_parsed).toEqual({ sum: 4 });
    expect(JSON.parse(served.requests.at(-1)!.chat.toString()).response_format.json_schema).toMatchObject({ name: 'sum', strict: true });
    answerWith('calls');
    const strict = [{ ...TOOLS[0], strict: true }];
    const called = await client.responses.stream({ ...ASK, tools: strict }).finalResponse();
    expect(called.output[1]).toMatchObject({ call_id: 'call_Paris1', parsed_arguments: { city: 'Paris', days: 2 } });
  });

  test.each([false, true])('sends thoughts back to their provider, sealed where it asks for that: %s', async (encrypts) => {
    answerWith('thoughtfulCall');
    const ask = { ...ASK, ...(encrypts ? { include: ['reasoning.encrypted_content' as const] } : {}) };
    for (const answer of [await client.responses.create(ask), await client.responses.stream(ask).finalResponse()]) {
      const call = answer.output.at(-1)!;
      if (encrypts) expect(call).toMatchObject({ type: 'function_call', call_id: 'toolu_01' });
      const callId = (call as { call_id: string }).call_id;
      const input = [
        { role: 'user', content: 'hi' },
        ...(bare(answer).output as object[]),
        { type: 'function_call_output', call_id: callId, output: 'rain' },
      ] as ResponseInputItem[];
      await client.responses.create({ ...ask, input });
      const { pivot, chat, mayGoNative } = served.requests.at(-1)!;
      const [whole] = JSON.parse(ANSWERS.thoughtfulCall.whole.toString()).choices;
      const sent = JSON.parse(pivot.toString()).messages;
      expect(sent[2].tool_calls).toEqual(whole.message.tool_calls);
      expect(sent[3].tool_call_id).toBe(whole.message.tool_calls[0].id);
      expect(JSON.parse(chat.toString()).messages[2].tool_calls[0].id).toBe('toolu_01');
      expect(mayGoNative).toBe(false);
    }
  });

  test('throws its own errors: for the caller’s mistakes, all at once, and for a stream that breaks', async () => {
    const error = await client.responses
      .create({
        model: 'smart',
        input: [{ type: 'item_reference', id: 'msg_1' }],
        previous_response_id: 'resp_1',
        background: true,
        tools: [{ type: 'web_search' }],
      })
      .then(() => null)
      .catch((caught) => caught);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error.param).toBe('previous_response_id');
    for (const part of ['`previous_response_id`', 'whole conversation', '`background`', '`input[0]`', '`tools[0]`', 'web_search'])
      expect(error.message).toContain(part);
    expectShape('error', { error: error.error });

    const failure = { status: 429, message: 'too many', type: 'rate_limit_error', param: null, code: null, requestId: null };
    behind = { whole: Buffer.alloc(0), stream: [streamOf(ANSWERS.text.stream).subarray(0, 700)], failure };
    const events = await collect(await client.responses.create({ ...ASK, stream: true }));
    for (const event of events) expectShape('responseEvent', event);
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'too many' } },
    });
  });
});
