import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LLMock } from '@copilotkit/aimock';
import { DIALECTS } from '../../runtime/backends/dialects.ts';
import { TranslationError } from '../../runtime/backends/translate/translator.ts';
import { BadRequest } from '../../runtime/intent/bad-request.ts';
import { BACKEND_TYPES, type BackendType } from '../../schema/vocabulary.ts';
import { expectShape } from '../shapes/expect-shape.ts';
import { accumulate, readChunks } from '../unit/dialects/read-chunks.ts';
import { anthropicVoice } from '../upstreams/voices/anthropic-voice.ts';
import { googleVoice } from '../upstreams/voices/google-voice.ts';
import { ollamaVoice } from '../upstreams/voices/ollama-voice.ts';
import { openAiVoice } from '../upstreams/voices/openai-voice.ts';
import { type Meaning, TOLD, type Voice } from '../upstreams/voices/voice.ts';
import { Candidate } from './candidate.ts';

/** The exam that every dialect passes over what its provider says, in the forms that the provider documents. */
const VOICES: Readonly<Record<BackendType, Voice>> = {
  openai: openAiVoice,
  anthropic: anthropicVoice,
  google: googleVoice,
  ollama: ollamaVoice,
  vllm: openAiVoice,
  llamacpp: openAiVoice,
  lmstudio: openAiVoice,
  generic: openAiVoice,
};

const TEXT = 'Grüße aus dem Süden 🌞 und «tschüss» "gesagt"';
const CALLS = [
  { name: 'get_weather', arguments: '{"city":"Köln","days":[1,2]}' },
  { name: 'get_time', arguments: '{}' },
] as const;
const TOOL = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
} as const;
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const USER = { role: 'user', content: 'hello' } as const;

const usageOf = ({ hasCache }: Voice) => ({
  input: TOLD.input,
  cacheRead: hasCache ? TOLD.cached : 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  output: TOLD.output,
  reasoning: 0,
});

async function gather(text: string) {
  return accumulate(await readChunks(Buffer.from(text)));
}

describe.each(BACKEND_TYPES)('%s', (type) => {
  const voice = VOICES[type];
  const candidate = new Candidate(type);
  const hearWhole = (meaning: Meaning) => {
    const heard = candidate.hearWhole(voice.sayWhole(meaning));
    const completion = JSON.parse(heard.text);
    expectShape('completion', completion);
    return { ...heard, choice: completion.choices[0], completion };
  };

  test('a request goes to the backend’s model, with the cap that policy sets', () => {
    const { path, text, warnings } = candidate.send(
      'chat',
      { messages: [{ role: 'system', content: 'be brief' }, USER], max_tokens: 100 },
      7,
    );
    for (const words of ['be brief', 'hello']) expect(text).toContain(words);
    expect(path + text).toContain(candidate.target.upstream);
    expect(text).toMatch(/"(max_tokens|max_completion_tokens|maxOutputTokens|num_predict)":7\b/);
    expect(text).not.toMatch(/:100\b/);
    expect(warnings).toEqual([]);
  });

  test('chat: the text, and usage in its normal form', () => {
    const { choice, usage, completion } = hearWhole({ text: TEXT });
    expect(choice).toMatchObject({ message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' });
    expect(usage).toEqual(usageOf(voice));
    const { prompt_tokens: prompt, completion_tokens: said, total_tokens: total } = completion.usage;
    expect([prompt, said, total]).toEqual([TOLD.input + (voice.hasCache ? TOLD.cached : 0), TOLD.output, prompt + said]);
  });

  test('stream: the same, with usage only for a caller who asked', async () => {
    for (const includeUsage of [true, false]) {
      const { text, usage } = candidate.hearStream(voice.sayStream({ text: TEXT, thought: 'let me see' }), includeUsage);
      const all = await gather(text);
      expect(all).toMatchObject({ content: TEXT, reasoning: 'let me see', finishReasons: ['stop'] });
      expect(all.usage?.completion_tokens).toBe(includeUsage ? TOLD.output : undefined);
      expect(usage).toEqual(usageOf(voice));
    }
  });

  test('tools are declared, alone and several at once, and their history is told', () => {
    const plain = candidate.send('chat', { messages: [USER], tools: [TOOL] });
    for (const words of ['get_weather', 'The weather of a city', 'city']) expect(plain.text).toContain(words);
    const { text } = candidate.send('chat', {
      tools: [TOOL],
      messages: [
        USER,
        {
          role: 'assistant',
          content: null,
          tool_calls: CALLS.map((call, at) => ({ id: `call_${at}`, type: 'function', function: call })),
        },
        { role: 'tool', tool_call_id: 'call_0', content: 'sunny there' },
        { role: 'tool', tool_call_id: 'call_1', content: 'noon there' },
      ],
    });
    for (const words of ['Köln', 'get_time', 'sunny there', 'noon there']) expect(text).toContain(words);
    expect(text.indexOf('sunny there')).toBeLessThan(text.indexOf('noon there'));
  });

  test('calls: whole and streamed, ids that differ, arguments that are JSON, the finish that clients act on', async () => {
    const { choice } = hearWhole({ calls: CALLS });
    const streamed = await gather(candidate.hearStream(voice.sayStream({ text: 'so', calls: CALLS }), false).text);
    const whole = choice.message.tool_calls as { id: string; function: { name: string; arguments: string } }[];
    for (const calls of [whole.map((call) => ({ id: call.id, ...call.function })), streamed.calls]) {
      expect(calls.map(({ name, arguments: json }) => [name, JSON.parse(json)])).toEqual(
        CALLS.map(({ name, arguments: json }) => [name, JSON.parse(json)]),
      );
      expect(new Set(calls.map(({ id }) => id)).size).toBe(CALLS.length);
    }
    expect([choice.finish_reason, streamed.finishReasons]).toEqual(['tool_calls', ['tool_calls']]);
  });

  test('a JSON schema for the answer reaches the model', () => {
    const schema = {
      type: 'object',
      properties: { answer_of_all: { type: 'integer' } },
      required: ['answer_of_all'],
      additionalProperties: false,
    };
    const format = { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } };
    expect(candidate.send('chat', { messages: [USER], response_format: format }).text).toContain('answer_of_all');
  });

  test('a picture goes as it is; the address of one goes, or is refused with a remedy', () => {
    const show = (url: string) =>
      candidate.send('chat', {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'see' },
              { type: 'image_url', image_url: { url } },
            ],
          },
        ],
      }).text;
    expect(show(`data:image/png;base64,${PIXEL}`)).toContain(PIXEL);
    try {
      expect(show('https://pictures.test/a.png')).toContain('https://pictures.test/a.png');
    } catch (error) {
      expect(error).toBeInstanceOf(BadRequest);
      expect(String(error)).toMatch(/messages\[0\]\.content\[1\].*help:/);
    }
  });

  test('why it stopped: whole and streamed alike', async () => {
    for (const [finish, expected] of [
      ['stop', 'stop'],
      ['length', 'length'],
      ...(voice.canFilter ? [['filter', 'content_filter']] : []),
    ] as const) {
      const meaning = { text: 'so', finish } as Meaning;
      expect(hearWhole(meaning).choice.finish_reason).toBe(expected);
      expect((await gather(candidate.hearStream(voice.sayStream(meaning), false).text)).finishReasons).toEqual([expected]);
    }
  });

  test('errors keep their status, their words and their wait', () => {
    for (const status of [400, 401, 404, 429, 500, 529]) {
      const heard = candidate.hearError(status, { 'retry-after': '7' }, voice.sayError(status, 'these words'));
      // 529 is nobody else's; what passes through is mapped by the gateway.
      expect(heard.status).toBe(status === 529 && !candidate.passes && type !== 'ollama' ? 503 : status);
      const body = JSON.parse(heard.text);
      expectShape('error', body);
      expect(body.error.message).toContain('these words');
      expect(heard.retryAfter).toBe(7);
    }
  });

  test('a key that is refused is known by its answer', () => {
    const words = type === 'google' ? 'API key not valid. Please pass a valid API key.' : 'no';
    expect(DIALECTS[type].refusesKey(401, voice.sayError(401, words).toString())).toBe(true);
    for (const status of [200, 400, 404, 429, 500])
      expect(DIALECTS[type].refusesKey(status, voice.sayError(status, 'x').toString())).toBe(false);
  });

  test('embeddings, in either encoding, or a clear refusal', () => {
    const vectors = [
      [0.5, -0.25],
      [1, 2],
    ];
    const bytes = voice.sayEmbeddings(vectors);
    const send = () => candidate.send('embeddings', { input: ['a', 'b'], dimensions: 2 });
    if (bytes === null) {
      expect(send).toThrow(BadRequest);
      return;
    }
    const { text } = send();
    expect(text).toMatch(/"(dimensions|outputDimensionality)":2/);
    const heard = candidate.hearEmbeddings(bytes, { input: ['a', 'b'] });
    const list = JSON.parse(heard.text);
    expect(list.data.map((item: { embedding: unknown }) => item.embedding)).toEqual(vectors);
    expect(heard.usage).toMatchObject({ input: TOLD.input, output: 0 });
    if (candidate.passes) return;
    const coded = JSON.parse(candidate.hearEmbeddings(bytes, { input: ['a', 'b'], encoding_format: 'base64' }).text);
    const buffer = Buffer.from(coded.data[0].embedding, 'base64');
    expect([buffer.readFloatLE(0), buffer.readFloatLE(4), buffer.length]).toEqual([0.5, -0.25, 8]);
    expect(() => candidate.send('embeddings', { input: [[1, 2, 3]] })).toThrow(/token numbers/);
  });

  test('a stream cut at every byte says the same', () => {
    for (const meaning of [
      { text: TEXT, thought: 'hm' },
      { text: 'so', calls: CALLS },
    ]) {
      const bytes = Buffer.concat(voice.sayStream(meaning));
      const whole = candidate.hearStream([bytes], false);
      for (let at = 1; at < bytes.length; at++) {
        expect(candidate.hearStream([bytes.subarray(0, at), bytes.subarray(at)], false)).toEqual(whole);
      }
      expect(
        candidate.hearStream(
          Array.from(bytes, (byte) => Buffer.from([byte])),
          false,
        ),
      ).toEqual(whole);
    }
  });

  if (!candidate.passes)
    test('an error in mid-stream keeps its words; what was said before it is handed out first', () => {
      const stream = DIALECTS[type].chat!.openStream({ model: 'named', id: 'chatcmpl-exam', created: 1, includeUsage: false });
      const begun = voice.sayStream({ text: TEXT }).slice(0, 4);
      expect(stream.push(Buffer.concat([...begun, voice.sayLateError('overheated')])).toString()).toContain('Grüße');
      const fail = () => stream.push(Buffer.from('\n'));
      expect(fail).toThrow(TranslationError);
      try {
        fail();
      } catch (error) {
        const { answer } = error as TranslationError;
        expect(answer!.status).toBeGreaterThanOrEqual(500);
        expect(JSON.parse(answer!.body.toString()).error.message).toContain('overheated');
      }
      expect(() => stream.end()).toThrow(TranslationError);
    });

  if (!candidate.passes)
    test('a stream that ends too early, anywhere, is a failure and no answer', () => {
      const events = voice.sayStream({ text: TEXT, calls: CALLS });
      for (let count = 0; count < events.length - (type === 'anthropic' ? 2 : 1); count++) {
        expect(() => candidate.hearStream(events.slice(0, count), false), `after ${count} of ${events.length}`).toThrow(TranslationError);
      }
    });

  test('noise neither crashes nor hangs', () => {
    let seed = 7;
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.concat(voice.sayStream({ text: TEXT, calls: CALLS }));
      for (let spots = 0; spots < 3; spots++) {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        bytes[seed % bytes.length] = seed % 256;
      }
      try {
        candidate.hearStream([bytes.subarray(0, seed % bytes.length), bytes.subarray(seed % bytes.length)], true);
      } catch (error) {
        expect(error).toBeInstanceOf(TranslationError);
      }
    }
  });
});

describe('over the sockets of a server that somebody else wrote', () => {
  const mock = new LLMock({ port: 0, chunkSize: 7 });
  beforeAll(async () => {
    mock.onMessage('weather', { toolCalls: [{ name: 'get_weather', arguments: '{"city":"Köln"}' }] });
    mock.onMessage(/.*/, { content: TEXT });
    await mock.start();
  });
  afterAll(() => mock.stop());

  async function post(candidate: Candidate, body: object, endpoint: 'chat' | 'embeddings' = 'chat'): Promise<Buffer> {
    const { path, headers, text } = candidate.send(endpoint, body);
    const own = Object.fromEntries(Array.from({ length: headers.length / 2 }, (_, at) => [headers[2 * at], headers[2 * at + 1]]));
    const [name, value] = DIALECTS[candidate.type].authorize('sk-exam');
    const answer = await fetch(mock.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...own, [name]: value },
      body: text,
    });
    expect(answer.status).toBe(200);
    return Buffer.from(await answer.arrayBuffer());
  }

  test.each(BACKEND_TYPES)('%s: chat, stream, calls', async (type) => {
    const candidate = new Candidate(type);
    const whole = JSON.parse(candidate.hearWhole(await post(candidate, { messages: [USER] })).text);
    expect(whole.choices[0].message.content).toBe(TEXT);
    const stream = await gather(candidate.hearStream([await post(candidate, { messages: [USER], stream: true })], false).text);
    expect([stream.content, stream.finishReasons]).toEqual([TEXT, ['stop']]);
    const asked = { messages: [{ role: 'user', content: 'weather' }], tools: [TOOL] };
    const called = JSON.parse(candidate.hearWhole(await post(candidate, asked)).text).choices[0];
    expect([JSON.parse(called.message.tool_calls[0].function.arguments), called.finish_reason]).toEqual([{ city: 'Köln' }, 'tool_calls']);
    const calls = await gather(candidate.hearStream([await post(candidate, { ...asked, stream: true })], false).text);
    expect([calls.calls[0].name, JSON.parse(calls.calls[0].arguments), calls.finishReasons]).toEqual([
      'get_weather',
      { city: 'Köln' },
      ['tool_calls'],
    ]);
  });

  // Its other dialects answer in forms that their providers have given up.
  test('openai: embeddings', async () => {
    const candidate = new Candidate('openai');
    const body = { input: 'a' };
    const list = JSON.parse(candidate.hearEmbeddings(await post(candidate, body, 'embeddings'), body).text);
    expect(list.data).toHaveLength(1);
    expect(list.data[0].embedding.length).toBeGreaterThan(8);
  });
});
