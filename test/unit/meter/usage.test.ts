import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openMeter } from '../../../runtime/backends/meter/open-meter.ts';
import type { Wire } from '../../../runtime/backends/meter/wire.ts';
import type { Usage } from '../../../schema/usage.ts';
import { bytesOf, endOf, messageOf, startOf, textOf, thoughtOf, toolOf } from '../dialects/anthropic-events.ts';
import { answerOf, callOf, endOf as lastLine, linesOf, pieceOf } from '../dialects/ollama-wire.ts';

const NONE: Usage = { input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0, reasoning: 0 };
const sse = (events: readonly unknown[], end = '\n\n'): Buffer =>
  Buffer.from([...events.map((event) => `data: ${JSON.stringify(event)}`), 'data: [DONE]'].map((line) => line + end).join(''));
const chunkOf = (delta: object, more: object = {}): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'm',
  choices: [{ index: 0, delta, logprobs: null, finish_reason: null }],
  usage: null,
  ...more,
});
const CHAT_USAGE = {
  prompt_tokens: 100,
  completion_tokens: 20,
  total_tokens: 120,
  prompt_tokens_details: { cached_tokens: 64, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 12, audio_tokens: 0 },
};
const RESPONSES_USAGE = {
  input_tokens: 75,
  input_tokens_details: { cached_tokens: 5 },
  output_tokens: 1186,
  output_tokens_details: { reasoning_tokens: 1024 },
  total_tokens: 1261,
};
const QUOTED = 'he said "usage": {"prompt_tokens": 1} \\ and 🌞';

/** Answers as their providers send them, with what they must be metered as. */
const CASES: readonly {
  readonly name: string;
  readonly wire: Wire;
  readonly isStream: boolean;
  readonly bytes: Buffer;
  readonly usage: Usage | null;
  readonly characters?: number;
}[] = [
  {
    name: 'chat, whole, figures before other members',
    wire: 'chat',
    isStream: false,
    bytes: Buffer.from(
      JSON.stringify(
        { choices: [{ message: { content: QUOTED } }], usage: CHAT_USAGE, service_tier: 'default', timings: { n: 1 } },
        null,
        2,
      ),
    ),
    usage: { ...NONE, input: 36, cacheRead: 64, output: 20, reasoning: 12 },
  },
  {
    name: 'chat, whole, figures first and much text behind them',
    wire: 'chat',
    isStream: false,
    bytes: Buffer.from(JSON.stringify({ usage: CHAT_USAGE, choices: [{ message: { content: QUOTED.repeat(2_000) } }] })),
    usage: { ...NONE, input: 36, cacheRead: 64, output: 20, reasoning: 12 },
  },
  {
    name: 'chat, stream',
    wire: 'chat',
    isStream: true,
    bytes: sse([
      chunkOf({ role: 'assistant', content: '' }),
      chunkOf({ reasoning_content: 'hm', reasoning: 'hm' }),
      chunkOf({ content: QUOTED }),
      chunkOf({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '' } }] }),
      chunkOf({ tool_calls: [{ index: 0, function: { arguments: '{"city":"Köln"}' } }] }),
      { ...chunkOf({}), choices: [], usage: CHAT_USAGE },
    ]),
    usage: { ...NONE, input: 36, cacheRead: 64, output: 20, reasoning: 12 },
    characters: 2 + QUOTED.length + '{"city":"Köln"}'.length,
  },
  {
    name: 'chat, stream without usage, lines that end in CRLF',
    wire: 'chat',
    isStream: true,
    bytes: sse([chunkOf({ content: 'Grüße\n\t"' })], '\r\n\r\n'),
    usage: null,
    characters: 8,
  },
  {
    name: 'chat, stream of a server that escapes what is no ASCII, with blanks behind its colons',
    wire: 'chat',
    isStream: true,
    bytes: Buffer.from('data: {"choices": [{"delta": {"content": "Gr\\u00fc\\ud83c\\udf1e\\\\"}}], "usage": {"prompt_tokens": 1}}\n\n'),
    usage: { ...NONE, input: 1 },
    characters: 6,
  },
  {
    name: 'chat of a server that counts thoughts apart',
    wire: 'chat',
    isStream: false,
    bytes: Buffer.from(
      JSON.stringify({
        usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 22, completion_tokens_details: { reasoning_tokens: 7 } },
      }),
    ),
    usage: { ...NONE, input: 10, output: 12, reasoning: 7 },
  },
  {
    name: 'chat with sound and pictures',
    wire: 'chat',
    isStream: false,
    bytes: Buffer.from(
      JSON.stringify({
        usage: {
          prompt_tokens: 100,
          completion_tokens: 50,
          prompt_tokens_details: { cached_tokens: 10, audio_tokens: 95, image_tokens: 7 },
          completion_tokens_details: { audio_tokens: 40 },
        },
      }),
    ),
    usage: { ...NONE, input: 90, cacheRead: 10, output: 50, inputAudio: 90, inputImage: 7, outputAudio: 40 },
  },
  {
    name: 'embeddings',
    wire: 'embeddings',
    isStream: false,
    bytes: Buffer.from(
      JSON.stringify({
        data: [{ embedding: Array.from({ length: 1536 }, (_, at) => at / 7) }],
        usage: { prompt_tokens: 8, total_tokens: 8 },
      }),
    ),
    usage: { ...NONE, input: 8 },
  },
  {
    name: 'messages, whole',
    wire: 'messages',
    isStream: false,
    bytes: messageOf([{ type: 'text', text: QUOTED }], 'end_turn', {
      input_tokens: 3,
      cache_read_input_tokens: 50,
      cache_creation: { ephemeral_5m_input_tokens: 7, ephemeral_1h_input_tokens: 9 },
      output_tokens: 11,
    }),
    usage: { ...NONE, input: 3, cacheRead: 50, cacheWrite5m: 7, cacheWrite1h: 9, output: 11 },
  },
  {
    name: 'messages, stream, whose last figures override the first',
    wire: 'messages',
    isStream: true,
    bytes: bytesOf([
      startOf({ input_tokens: 43, cache_read_input_tokens: 2, output_tokens: 1 }),
      ...thoughtOf(0, 'sig', 'hm', 'm'),
      ...textOf(1, 'Hel', QUOTED),
      ...toolOf(2, 'toolu_1', 'f', '{"a":', '1}'),
      ...endOf('tool_use', { input_tokens: 61, output_tokens: 15 }),
    ]),
    usage: { ...NONE, input: 61, cacheRead: 2, output: 15 },
    characters: 3 + 3 + QUOTED.length + 7,
  },
  {
    name: 'responses, whole',
    wire: 'responses',
    isStream: false,
    bytes: Buffer.from(JSON.stringify({ id: 'resp_1', output: [{ text: QUOTED }], usage: RESPONSES_USAGE, user: null, metadata: {} })),
    usage: { ...NONE, input: 70, cacheRead: 5, output: 1186, reasoning: 1024 },
  },
  {
    name: 'responses, stream, whose last event repeats everything',
    wire: 'responses',
    isStream: true,
    bytes: Buffer.from(
      [
        { type: 'response.created', response: { usage: null } },
        { type: 'response.output_text.delta', delta: QUOTED },
        { type: 'response.output_text.done', text: QUOTED },
        { type: 'response.function_call_arguments.delta', delta: '{}' },
        { type: 'response.completed', response: { output: [{ content: [{ text: QUOTED }] }], usage: RESPONSES_USAGE, metadata: {} } },
      ]
        .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
        .join(''),
    ),
    usage: { ...NONE, input: 70, cacheRead: 5, output: 1186, reasoning: 1024 },
    characters: QUOTED.length + 2,
  },
  {
    name: 'ollama, stream',
    wire: 'ollama',
    isStream: false,
    bytes: linesOf([pieceOf({ thinking: 'hm' }), pieceOf({ content: QUOTED }), lastLine()]),
    usage: { ...NONE, input: 26, output: 282 },
    characters: 2 + QUOTED.length,
  },
  {
    name: 'ollama, whole, whose call has figures of its own',
    wire: 'ollama',
    isStream: false,
    bytes: answerOf({ tool_calls: [callOf('f', { eval_count: 7, prompt_eval_count: 9 })] }),
    usage: { ...NONE, input: 26, output: 282 },
  },
  {
    name: 'ollama, vectors in a line beyond any bound',
    wire: 'ollama',
    isStream: false,
    bytes: Buffer.from(`{"embeddings":[[${'0.125,'.repeat(400_000)}1]],"total_duration":9,"prompt_eval_count":8}`),
    usage: { ...NONE, input: 8 },
  },
];

function meter({ wire, isStream }: { wire: Wire; isStream: boolean }, pieces: readonly Buffer[]) {
  const one = openMeter(wire, isStream);
  for (const piece of pieces) one.see(piece);
  one.end();
  return { usage: one.usage, characters: one.characters };
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...at.map((place) => place % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

describe.each(CASES)('$name', (one) => {
  test('is metered', () => {
    const found = meter(one, [one.bytes]);
    expect(found.usage).toEqual(one.usage);
    if (one.characters !== undefined) expect(found.characters).toBe(one.characters);
    if (!one.isStream && one.wire !== 'ollama') expect(found.characters).toBe(one.bytes.length);
  });

  test('the same however its bytes are cut', () => {
    const whole = meter(one, [one.bytes]);
    if (one.bytes.length < 4_000) {
      for (let at = 0; at <= one.bytes.length; at++) expect(meter(one, cut(one.bytes, [at]))).toEqual(whole);
      expect(
        meter(
          one,
          [...one.bytes].map((byte) => Buffer.from([byte])),
        ),
      ).toEqual(whole);
    }
    fc.assert(
      fc.property(fc.array(fc.nat(one.bytes.length), { maxLength: 20 }), (places) => {
        expect(meter(one, cut(one.bytes, places))).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  test('cut short anywhere it neither fails nor tells more than was said', () => {
    const whole = meter(one, [one.bytes]);
    const step = Math.max(1, Math.floor(one.bytes.length / 500));
    for (let end = 0; end < one.bytes.length; end += step) {
      const { usage, characters } = meter(one, [one.bytes.subarray(0, end)]);
      expect(characters).toBeLessThanOrEqual(Math.max(whole.characters, one.bytes.length));
      for (const count of Object.values(usage ?? {})) expect(count).toBeGreaterThanOrEqual(0);
    }
  });
});

test('noise is no usage, and no failure', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.constantFrom(...CASES), (noise, one) => {
      expect(meter(one, [Buffer.from(noise)]).usage ?? NONE).toBeDefined();
    }),
  );
});

test('an event without end takes no memory beyond the bound, and what follows is lost, not wrong', () => {
  const one = openMeter('chat', true);
  const chunk = Buffer.alloc(1 << 20, 'x');
  one.see(Buffer.from('data: '));
  for (let count = 0; count < 12; count++) one.see(chunk);
  one.see(Buffer.from(`\n\n${sse([{ choices: [], usage: CHAT_USAGE }])}`));
  one.end();
  expect(one.usage).toBeNull();
});
