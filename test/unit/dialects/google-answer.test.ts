import { describe, expect, test } from 'vitest';
import { FINISH_REASONS, readFinish } from '../../../runtime/backends/google/read-finish.ts';
import { googleTranslator } from '../../../runtime/backends/google/translator.ts';
import { TranslationError } from '../../../runtime/backends/translate/translator.ts';
import { ASKED, buildAnswer, frame, gather, readAnswer, readStream } from './google-wire.ts';

// Answers are written after https://ai.google.dev/api/generate-content#generatecontentresponse and the examples of
// https://ai.google.dev/gemini-api/docs/function-calling, /thinking and /thought-signatures.

function failureOf(answer: unknown): string {
  try {
    googleTranslator.readAnswer(Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)), ASKED);
  } catch (error) {
    if (error instanceof TranslationError) return error.message;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('content', () => {
  test('text parts are one text', () => {
    expect(readAnswer(buildAnswer([{ text: 'Hello' }, { text: ' there' }]))).toEqual({
      id: 'chatcmpl-7',
      object: 'chat.completion',
      created: 1_790_000_000,
      model: 'auto',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello there', refusal: null }, logprobs: null, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: 8,
        completion_tokens: 5,
        total_tokens: 13,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    });
  });

  test('thoughts are reasoning_content', () => {
    const { message } = readAnswer(buildAnswer([{ text: 'Hm. ', thought: true }, { text: 'Aha.', thought: true }, { text: 'Yes' }]))
      .choices[0];
    expect(message).toMatchObject({ content: 'Yes', reasoning_content: 'Hm. Aha.' });
  });

  test('calls: STOP with calls is tool_calls, text may stand beside them, no arguments are {}', () => {
    const { message, finish_reason } = readAnswer(
      buildAnswer([
        { text: 'Looking. ' },
        { functionCall: { name: 'weather', args: { city: 'Zürich' } } },
        { functionCall: { id: 'fc-9', name: 'time' } },
      ]),
    ).choices[0];
    expect(finish_reason).toBe('tool_calls');
    expect(message.content).toBe('Looking. ');
    expect(message.tool_calls).toEqual([
      { id: 'call_7_0', type: 'function', function: { name: 'weather', arguments: '{"city":"Zürich"}' } },
      { id: 'fc-9', type: 'function', function: { name: 'time', arguments: '{}' } },
    ]);
  });

  test('calls alone have null content', () => {
    expect(readAnswer(buildAnswer([{ functionCall: { name: 'f', args: {} } }])).choices[0].message.content).toBeNull();
  });

  test('thoughtSignature travels in the id of its call', () => {
    const { message } = readAnswer(
      buildAnswer([{ functionCall: { name: 'f' }, thoughtSignature: 'AB+/cw==' }, { functionCall: { name: 'g' } }]),
    ).choices[0];
    expect(message.tool_calls?.map(({ id }) => id)).toEqual(['call_7_0__thought__AB-_cw', 'call_7_1']);
  });

  test('kinds of parts that nobody asked for are passed over, media is a failure', () => {
    expect(readAnswer(buildAnswer([{ executableCode: { code: '1' } }, { text: 'x' }])).choices[0].message.content).toBe('x');
    expect(failureOf(buildAnswer([{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }]))).toContain('"image/png"');
  });
});

describe('finishReason', () => {
  const EXPECTED = {
    FINISH_REASON_UNSPECIFIED: 'stop',
    STOP: 'stop',
    MAX_TOKENS: 'length',
    SAFETY: 'content_filter',
    RECITATION: 'content_filter',
    LANGUAGE: 'content_filter',
    OTHER: 'content_filter',
    BLOCKLIST: 'content_filter',
    PROHIBITED_CONTENT: 'content_filter',
    SPII: 'content_filter',
    MALFORMED_FUNCTION_CALL: 'failure',
    IMAGE_SAFETY: 'content_filter',
    IMAGE_PROHIBITED_CONTENT: 'content_filter',
    IMAGE_OTHER: 'content_filter',
    NO_IMAGE: 'content_filter',
    IMAGE_RECITATION: 'content_filter',
    UNEXPECTED_TOOL_CALL: 'failure',
    TOO_MANY_TOOL_CALLS: 'failure',
    MISSING_THOUGHT_SIGNATURE: 'failure',
    MALFORMED_RESPONSE: 'failure',
  };

  test('total over all that are known, and unknown is stop', () => {
    expect(Object.fromEntries(FINISH_REASONS.map((reason) => [reason, readFinish(reason).finish]))).toEqual(EXPECTED);
    expect(readFinish('BRAND_NEW')).toEqual({ finish: 'stop', warnings: ['finish-reason-unknown=brand_new'] });
    expect(readFinish('constructor').finish).toBe('stop');
    expect(readFinish('a b\r\n').warnings).toEqual(['finish-reason-unknown=other']);
  });

  test.each(Object.entries(EXPECTED))('%s, whole and streamed', (reason, meaning) => {
    const answer = buildAnswer([{ text: 'a' }], reason, {});
    if (meaning === 'failure') {
      expect(failureOf(answer)).toContain(reason);
      expect(gatherFailure(answer)).toContain(reason);
    } else {
      expect(readAnswer(answer).choices[0].finish_reason).toBe(meaning);
      expect(gather(readStream(frame([answer]))).finish).toBe(meaning);
    }
  });

  test('an unknown one goes to the log', () => {
    const answer = buildAnswer([{ text: 'a' }], 'NAP');
    expect(googleTranslator.readAnswer(Buffer.from(JSON.stringify(answer)), ASKED).warnings).toEqual(['finish-reason-unknown=nap']);
    const stream = googleTranslator.openStream(ASKED);
    stream.push(frame([answer]));
    expect(stream.warnings).toEqual(['finish-reason-unknown=nap']);
  });

  test('a failure keeps what google says of it', () => {
    const answer = { candidates: [{ finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage: 'Malformed function call: print(x)' }] };
    expect(failureOf(answer)).toBe('Malformed function call: print(x) (MALFORMED_FUNCTION_CALL)');
  });

  test('a call cut by the cap stays length', () => {
    expect(readAnswer(buildAnswer([{ functionCall: { name: 'f' } }], 'MAX_TOKENS')).choices[0].finish_reason).toBe('length');
  });

  function gatherFailure(answer: object): string {
    const stream = googleTranslator.openStream(ASKED);
    expect(stream.push(frame([answer])).toString()).toContain('"content":"a"');
    try {
      stream.end();
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('it did not fail');
  }
});

describe('blocked and empty', () => {
  test('a blocked prompt is an answer: null, content_filter, with its usage', () => {
    const answer = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 } };
    const completion = readAnswer(answer);
    expect(completion.choices[0]).toMatchObject({ message: { content: null }, finish_reason: 'content_filter' });
    expect(completion.usage).toMatchObject({ prompt_tokens: 4, total_tokens: 4 });
    expect(gather(readStream(frame([answer]))).finish).toBe('content_filter');
  });

  test('a candidate without parts is an answer', () => {
    expect(readAnswer(buildAnswer(undefined, 'MAX_TOKENS')).choices[0]).toMatchObject({
      message: { content: '' },
      finish_reason: 'length',
    });
    expect(readAnswer(buildAnswer(undefined, 'SAFETY')).choices[0]).toMatchObject({
      message: { content: null },
      finish_reason: 'content_filter',
    });
    expect(readAnswer({ candidates: [{ content: { role: 'model' } }] }).choices[0]).toMatchObject({
      message: { content: '' },
      finish_reason: 'stop',
    });
  });

  test.each([
    ['', 'something else than JSON'],
    ['<html>', 'something else than JSON'],
    ['7', 'something else than an object'],
    ['{}', 'without an answer'],
    ['{"candidates":[]}', 'without an answer'],
    ['{"candidates":[],"promptFeedback":{}}', 'without an answer'],
    ['{"candidates":[{"content":{"parts":7}}]}', 'no list'],
    ['{"candidates":[{"content":{"parts":[7]}}]}', 'no object'],
    ['{"candidates":[{"content":{"parts":[{"functionCall":{}}]}}]}', 'no name'],
    ['{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}', 'The model is overloaded. (UNAVAILABLE)'],
    ['[{"error":{"message":"x"}}]', 'x'],
  ])('never an empty success: %s', (body, words) => {
    expect(failureOf(body)).toContain(words);
  });

  test('an error that came as a 200 keeps its meaning', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '3s' }];
    const body = Buffer.from(JSON.stringify({ error: { code: 429, message: 'quota', status: 'RESOURCE_EXHAUSTED', details } }));
    const answer = expect.objectContaining({ status: 429, retryAfter: 3 });
    expect(() => googleTranslator.readAnswer(body, ASKED)).toThrow(expect.objectContaining({ answer }));
  });

  test('calls without end are a failure', () => {
    expect(failureOf(buildAnswer(Array.from({ length: 1025 }, () => ({ functionCall: { name: 'f' } }))))).toContain('more than 1024 calls');
  });
});

describe('usage', () => {
  test('prompt = prompt + tool use, completion = candidates + thoughts, cached and reasoning are shares, total is the sum', () => {
    const usageMetadata = {
      promptTokenCount: 100,
      toolUsePromptTokenCount: 20,
      cachedContentTokenCount: 60,
      candidatesTokenCount: 30,
      thoughtsTokenCount: 50,
      totalTokenCount: 200,
    };
    const answer = buildAnswer([{ text: 'a' }], 'STOP', { usageMetadata });
    expect(readAnswer(answer).usage).toEqual({
      prompt_tokens: 120,
      completion_tokens: 80,
      total_tokens: usageMetadata.totalTokenCount,
      prompt_tokens_details: { cached_tokens: 60 },
      completion_tokens_details: { reasoning_tokens: 50 },
    });
    const { usage } = googleTranslator.readAnswer(Buffer.from(JSON.stringify(answer)), ASKED);
    expect(usage).toEqual({ input: 60, cacheRead: 60, cacheWrite5m: 0, cacheWrite1h: 0, output: 80, reasoning: 50 });
  });

  test('sound, pictures and films are shares; a cache’s are not those of fresh input', () => {
    const usageMetadata = {
      promptTokenCount: 100,
      cachedContentTokenCount: 40,
      candidatesTokenCount: 30,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 10 },
        { modality: 'AUDIO', tokenCount: 50 },
        { modality: 'VIDEO', tokenCount: 40 },
      ],
      cacheTokensDetails: [{ modality: 'AUDIO', tokenCount: 30 }],
      candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 30 }, 'x', { modality: 'AUDIO' }],
    };
    const answer = Buffer.from(JSON.stringify(buildAnswer([{ text: 'a' }], 'STOP', { usageMetadata })));
    expect(googleTranslator.readAnswer(answer, ASKED).usage).toEqual({
      ...{ input: 60, cacheRead: 40, cacheWrite5m: 0, cacheWrite1h: 0, output: 30, reasoning: 0 },
      ...{ inputAudio: 20, cachedAudio: 30, inputVideo: 40, outputImage: 30 },
    });
  });

  test('none told is none said, and nonsense is not counted', () => {
    expect(readAnswer(buildAnswer([{ text: 'a' }], 'STOP', { usageMetadata: undefined })).usage).toBeUndefined();
    expect(readAnswer(buildAnswer([{ text: 'a' }], 'STOP', { usageMetadata: 'x' })).usage).toBeUndefined();
    expect(
      readAnswer(
        buildAnswer([{ text: 'a' }], 'STOP', {
          usageMetadata: { promptTokenCount: 3, candidatesTokenCount: -5, cachedContentTokenCount: 9 },
        }),
      ).usage,
    ).toMatchObject({ prompt_tokens: 3, completion_tokens: 0, total_tokens: 3, prompt_tokens_details: { cached_tokens: 3 } });
  });
});
