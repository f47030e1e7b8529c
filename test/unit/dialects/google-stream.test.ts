import { describe, expect, test } from 'vitest';
import { googleTranslator } from '../../../runtime/backends/google/translator.ts';
import { TranslationError } from '../../../runtime/backends/translate/translator.ts';
import { ASKED, buildAnswer, frame, gather, readStream } from './google-wire.ts';

// Events are written after https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent and the examples of
// https://ai.google.dev/gemini-api/docs/text-generation#streaming-responses and /function-calling.

function say(parts: object[], more: object = {}, usage: object | undefined = { promptTokenCount: 8, totalTokenCount: 8 }): object {
  return {
    candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
    ...(usage ? { usageMetadata: usage } : {}),
    modelVersion: 'gemini-2.5-flash',
  };
}

/** What comes out before it fails, and why. */
function failureOf(...pieces: Buffer[]): { said: string; why: string } {
  const stream = googleTranslator.openStream(ASKED);
  let said = '';
  try {
    for (const piece of pieces) said += stream.push(piece).toString();
    said += stream.end().toString();
  } catch (error) {
    if (!(error instanceof TranslationError)) throw error;
    expect(stream.isComplete).toBe(false);
    expect(() => stream.end()).toThrow(error.message);
    return { said, why: error.message };
  }
  throw new Error('it did not fail');
}

const TEXT = [say([{ text: 'Hello' }]), say([{ text: ' wörld 🌍' }]), buildAnswer([{ text: '.' }])];

describe('order of the chunks', () => {
  test('role once and first, content, finish, [DONE]; no usage where none was asked for', () => {
    const chunks = readStream(frame(TEXT));
    expect(chunks.map(({ choices }) => choices[0])).toEqual([
      { index: 0, delta: { role: 'assistant', content: '', refusal: null }, logprobs: null, finish_reason: null },
      { index: 0, delta: { content: 'Hello' }, logprobs: null, finish_reason: null },
      { index: 0, delta: { content: ' wörld 🌍' }, logprobs: null, finish_reason: null },
      { index: 0, delta: { content: '.' }, logprobs: null, finish_reason: null },
      { index: 0, delta: {}, logprobs: null, finish_reason: 'stop' },
    ]);
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true);
  });

  test('include_usage: one more chunk without choices, null before it; the last figures count', () => {
    const chunks = readStream(
      frame([
        say([{ text: 'a' }], {}, { promptTokenCount: 8, cachedContentTokenCount: 2 }),
        say([{ text: 'b' }], {}, { promptTokenCount: 8, candidatesTokenCount: 1, thoughtsTokenCount: 3 }),
        say([], { finishReason: 'STOP' }, { promptTokenCount: 8, candidatesTokenCount: 2 }),
      ]),
      { ...ASKED, includeUsage: true },
    );
    const last = chunks.at(-1)!;
    expect(last.choices).toEqual([]);
    expect(last.usage).toMatchObject({
      prompt_tokens: 8,
      completion_tokens: 5,
      total_tokens: 13,
      prompt_tokens_details: { cached_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 3 },
    });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  test('each event goes out at once', () => {
    const stream = googleTranslator.openStream(ASKED);
    expect(stream.push(frame([TEXT[0]])).toString()).toContain('"Hello"');
    expect(stream.push(frame([TEXT[1]])).toString()).toContain('wörld');
    expect(stream.push(Buffer.from('data: {"cand')).length).toBe(0);
  });

  test('complete once its reason and usage are known', () => {
    const stream = googleTranslator.openStream(ASKED);
    stream.push(frame([TEXT[0]]));
    expect(stream.isComplete).toBe(false);
    stream.push(frame([TEXT[2]]));
    expect(stream.isComplete).toBe(true);
    expect(stream.usage).toEqual({ input: 8, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 5, reasoning: 0 });
  });

  test('thoughts are reasoning_content', () => {
    expect(gather(readStream(frame([say([{ text: 'Hm', thought: true }]), buildAnswer([{ text: 'Yes' }])])))).toMatchObject({
      reasoning: 'Hm',
      content: 'Yes',
    });
  });
});

describe('calls', () => {
  test('running index across chunks, text and call in one chunk, {} without args, tool_calls at the end', () => {
    const gathered = gather(
      readStream(
        frame([
          say([{ text: 'Looking.' }, { functionCall: { name: 'weather', args: { city: 'Rome' } }, thoughtSignature: 'c2ln' }]),
          say([{ functionCall: { name: 'time', id: 'fc-2' } }, { functionCall: { name: 'date', args: { a: '"\n' } } }]),
          say([], { finishReason: 'STOP' }),
        ]),
      ),
    );
    expect(gathered).toEqual({
      content: 'Looking.',
      reasoning: '',
      calls: [
        { id: 'call_7_0__thought__c2ln', name: 'weather', arguments: '{"city":"Rome"}' },
        { id: 'fc-2', name: 'time', arguments: '{}' },
        { id: 'call_7_2', name: 'date', arguments: '{"a":"\\"\\n"}' },
      ],
      finish: 'tool_calls',
    });
  });

  test('a call that came before is not told again', () => {
    const call = say([{ functionCall: { name: 'f', id: 'fc-1', args: { a: 1 } } }]);
    expect(gather(readStream(frame([call, call, buildAnswer([])]))).calls).toEqual([{ id: 'fc-1', name: 'f', arguments: '{"a":1}' }]);
  });

  test('partialArgs and willContinue: pieces become one JSON', () => {
    const piece = (functionCall: object): object => say([{ functionCall }]);
    const { calls, finish } = gather(
      readStream(
        frame([
          piece({ name: 'book', willContinue: true }),
          piece({ partialArgs: [{ jsonPath: '$.city', stringValue: 'Ber', willContinue: true }], willContinue: true }),
          piece({ partialArgs: [{ jsonPath: '$.city', stringValue: 'lin "x"' }], willContinue: true }),
          piece({
            partialArgs: [
              { jsonPath: '$.guests[0].age', numberValue: 30 },
              { jsonPath: '$.guests[1]["full name"]', stringValue: 'A' },
              { jsonPath: "$.guests[1]['it\\'s']", boolValue: true },
              { jsonPath: '$.none', nullValue: 'NULL_VALUE' },
            ],
            willContinue: true,
          }),
          piece({}),
          piece({ name: 'next', partialArgs: [{ jsonPath: '$.a', numberValue: 1 }] }),
          piece({ name: 'bare', willContinue: true }),
          buildAnswer([{ functionCall: { name: 'last', args: { z: 1 } } }]),
        ]),
      ),
    );
    expect(calls.map(({ name }) => name)).toEqual(['book', 'next', 'bare', 'last']);
    expect(calls.map((call) => JSON.parse(call.arguments))).toEqual([
      { city: 'Berlin "x"', guests: [{ age: 30 }, { 'full name': 'A', "it's": true }], none: null },
      { a: 1 },
      {},
      { z: 1 },
    ]);
    expect(finish).toBe('tool_calls');
  });

  test('pieces go out when the last of them is here, and not only at the end', () => {
    const stream = googleTranslator.openStream(ASKED);
    const push = (functionCall: object): string => stream.push(frame([say([{ functionCall }])])).toString();
    push({ name: 'f', willContinue: true });
    expect(push({ partialArgs: [{ jsonPath: '$.a', numberValue: 1 }], willContinue: true })).toBe('');
    expect(push({})).toContain('"arguments":"{\\"a\\":1}"');
  });

  test.each([
    [{ partialArgs: 7 }],
    [{ partialArgs: [7] }],
    [{ partialArgs: [{ jsonPath: 'city', stringValue: 'x' }] }],
    [{ partialArgs: [{ jsonPath: '$', stringValue: 'x' }] }],
    [{ partialArgs: [{ jsonPath: '$[0]', stringValue: 'x' }] }],
    [{ partialArgs: [{ jsonPath: '$.a[99999999]', stringValue: 'x' }] }],
    [{ partialArgs: [{ jsonPath: `$${'.a'.repeat(65)}`, stringValue: 'x' }] }],
    [{ partialArgs: [{ jsonPath: '$.a..b', stringValue: 'x' }] }],
  ])('pieces that name no place are a failure: %j', (functionCall) => {
    expect(failureOf(frame([say([{ functionCall: { name: 'f', ...functionCall } }])])).why).toMatch(/piece/);
  });

  test('pieces are bounded', () => {
    const piece = frame([
      say([{ functionCall: { partialArgs: [{ jsonPath: '$.a', stringValue: 'x'.repeat(500_000) }], willContinue: true } }]),
    ]);
    expect(failureOf(frame([say([{ functionCall: { name: 'f', willContinue: true } }])]), piece, piece, piece).why).toContain(
      'larger than 1048576',
    );
  });

  test('a property called __proto__ is one', () => {
    const { calls } = gather(
      readStream(frame([buildAnswer([{ functionCall: { name: 'f', partialArgs: [{ jsonPath: '$.__proto__.x', numberValue: 1 }] } }])])),
    );
    expect(calls[0].arguments).toBe('{"__proto__":{"x":1}}');
  });
});

describe('frames', () => {
  test('CRLF and LF, comments and keep-alives, fields that mean nothing, several data lines, [DONE]', () => {
    const plain = readStream(frame(TEXT));
    expect(readStream(frame(TEXT, '\n'))).toEqual(plain);
    const noisy = Buffer.from(`: keep-alive\r\n\r\nid: 7\r\nretry: 3\r\n${frame(TEXT)}: ping\r\n\r\ndata: [DONE]\r\n\r\n`);
    expect(readStream(noisy)).toEqual(plain);
    const lines = JSON.stringify(TEXT[0], null, 1)
      .split('\n')
      .map((line) => `data: ${line}\r\n`)
      .join('');
    expect(readStream(Buffer.concat([Buffer.from(`${lines}\r\n`), frame(TEXT.slice(1))]))).toEqual(plain);
  });

  test('a last event without its blank line counts', () => {
    const bytes = frame(TEXT);
    expect(readStream(bytes.subarray(0, -4))).toEqual(readStream(bytes));
  });

  test('events without candidates and unknown fields are tolerated', () => {
    const events = [{ usageMetadata: { promptTokenCount: 8 } }, { somethingNew: true }, say([{ brandNew: {} }, { text: '' }]), ...TEXT];
    expect(readStream(frame(events))).toEqual(readStream(frame(TEXT)));
  });
});

describe('failures', () => {
  test('an empty stream, and one that ends before its reason, are failures', () => {
    expect(failureOf()).toEqual({ said: '', why: 'google ended the stream before the answer' });
    expect(failureOf(Buffer.from(': hello\r\n\r\n')).said).toBe('');
    const { said, why } = failureOf(frame([TEXT[0]]));
    expect(said).toContain('"Hello"');
    expect(said).not.toContain('[DONE]');
    expect(why).toBe('google ended the stream before the answer');
  });

  test.each([
    ['{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}', 'The model is overloaded. (UNAVAILABLE)'],
    ['[{"error":{"code":429,"message":"Quota"}}]', 'Quota'],
    ['{"error":"x"}', 'google failed without saying why'],
    ['{broken', 'is not JSON'],
    ['"text"', 'is no object'],
    ['{"candidates":[{"content":{"parts":{}}}]}', 'no list'],
  ])('what was said goes first, then the failure, without [DONE]: %s', (data, why) => {
    const failed = failureOf(Buffer.concat([frame([TEXT[0]]), Buffer.from(`data: ${data}\r\n\r\n`), frame(TEXT)]));
    expect(gatherSaid(failed.said)).toBe('Hello');
    expect(failed.why).toContain(why);
    expect(failureOf(Buffer.from(`data: ${data}\r\n\r\n`))).toMatchObject({ said: '' });
  });

  test('the error of a stream keeps its meaning', () => {
    const answerOf = (error: unknown): unknown => {
      try {
        googleTranslator.openStream(ASKED).push(frame([{ error }]));
      } catch (failure) {
        return (failure as TranslationError).answer;
      }
      return undefined;
    };
    expect(answerOf({ code: 503, message: 'x', status: 'UNAVAILABLE' })).toMatchObject({ status: 503 });
    expect(answerOf({ code: 429, message: 'Please retry in 2s.' })).toMatchObject({ status: 429, retryAfter: 2 });
    expect(answerOf({ code: 7 })).toMatchObject({ status: 502 });
    expect(answerOf('x')).toMatchObject({ status: 502 });
  });

  test('a key in the words of a failure is not passed on', () => {
    const key = `AIza${'x'.repeat(35)}`;
    const { why } = failureOf(
      frame([{ error: { message: `Consumer 'api_key:AQ.Ab8-other_shape' has been suspended; ${key}`, status: 'PERMISSION_DENIED' } }]),
    );
    expect(why).toBe("Consumer 'api_key:[redacted]' has been suspended; [redacted] (PERMISSION_DENIED)");
  });

  test('an event is bounded', () => {
    expect(failureOf(Buffer.alloc(1_100_000, 'x')).why).toContain('larger than');
  });

  function gatherSaid(said: string): string {
    return said
      .split('\n\n')
      .filter(Boolean)
      .map((event) => JSON.parse(event.slice(6)).choices[0].delta.content ?? '')
      .join('');
  }
});
