import { describe, expect, test } from 'vitest';
import { DONE_REASONS, readDoneReason } from '../../../runtime/backends/ollama/done-reasons.ts';
import { ollamaTranslator } from '../../../runtime/backends/ollama/translator.ts';
import { TranslationError } from '../../../runtime/backends/translate/translator.ts';
import { expectShape } from '../../shapes/expect-shape.ts';
import { accumulate, readChunks } from './read-chunks.ts';
import { answerOf, ASKED, callOf, endOf, FIGURES, linesOf, pieceOf } from './ollama-wire.ts';

const USAGE = { input: 26, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 282, reasoning: 0 };

function read(bytes: Buffer) {
  const answer = ollamaTranslator.readAnswer(bytes, ASKED);
  const completion = JSON.parse(answer.body.toString());
  expectShape('completion', completion);
  return { ...answer, choice: completion.choices[0], completion };
}

async function stream(pieces: readonly object[], asked = ASKED) {
  const translator = ollamaTranslator.openStream(asked);
  const bytes = Buffer.concat([translator.push(linesOf(pieces)), translator.end()]);
  expect(bytes.toString().endsWith('data: [DONE]\n\n')).toBe(true);
  return { ...accumulate(await readChunks(bytes)), translator };
}

describe('answers', () => {
  test('text, thought and usage', () => {
    const { choice, usage, completion } = read(answerOf({ content: 'Hello', thinking: 'hm' }));
    expect(choice).toMatchObject({ message: { content: 'Hello', reasoning_content: 'hm' }, finish_reason: 'stop' });
    expect(usage).toEqual(USAGE);
    expect(completion.usage).toMatchObject({ prompt_tokens: 26, completion_tokens: 282, total_tokens: 308 });
  });

  test('calls: an id of their own each, arguments as text, the finish that clients act on', () => {
    const calls = [callOf('f', { city: 'Köln' }), callOf('f', {}, 'call_x'), callOf('f', { n: 1 }, 'call_x')];
    const { choice } = read(answerOf({ tool_calls: calls }));
    expect(choice.finish_reason).toBe('tool_calls');
    expect(choice.message.content).toBeNull();
    expect(choice.message.tool_calls.map((call: { id: string; function: object }) => [call.id, call.function])).toEqual([
      ['call_7_0', { name: 'f', arguments: '{"city":"Köln"}' }],
      ['call_x', { name: 'f', arguments: '{}' }],
      ['call_7_2', { name: 'f', arguments: '{"n":1}' }],
    ]);
  });

  test('numbers keep their digits', () => {
    const text = answerOf({ tool_calls: [callOf('f', { id: 'N' })] })
      .toString()
      .replace('"N"', '12345678901234567890');
    expect(read(Buffer.from(text)).choice.message.tool_calls[0].function.arguments).toBe('{"id":12345678901234567890}');
  });

  test('a count of zero is not on the wire; without any there is no usage', () => {
    expect(read(answerOf({ content: 'x' }, 'stop', { eval_count: 3 })).usage).toEqual({ ...USAGE, input: 0, output: 3 });
    const { usage, completion } = read(answerOf({ content: 'x' }, 'stop', {}));
    expect([usage, completion.usage]).toEqual([null, undefined]);
  });

  test.each([
    ['', 'JSON'],
    ['[]', 'object'],
    ['{}', 'without a message'],
    ['{"message":{"content":"x"},"done":false}', 'before its end'],
    ['{"message":{"content":""},"done":true,"done_reason":"load"}', 'only loaded'],
    ['{"message":{"tool_calls":{}},"done":true}', 'no list'],
    ['{"message":{"tool_calls":[{"function":{}}]},"done":true}', 'no name'],
    ['{"error":"model runner has unexpectedly stopped"}', 'unexpectedly stopped'],
  ])('never an empty success: %s', (body, words) => {
    expect(() => read(Buffer.from(body))).toThrow(TranslationError);
    expect(() => read(Buffer.from(body))).toThrow(words);
  });
});

test('done reasons: a total function', () => {
  for (const reason of DONE_REASONS) expect(readDoneReason(reason).warnings).toEqual([]);
  expect(readDoneReason('length').finish).toBe('length');
  expect(readDoneReason(undefined)).toEqual({ finish: 'stop', warnings: [] });
  expect(readDoneReason('Nap')).toEqual({ finish: 'stop', warnings: ['done-reason-unknown=nap'] });
  expect(readDoneReason({})).toEqual({ finish: 'stop', warnings: ['done-reason-unknown=other'] });
});

describe('streams', () => {
  test('text in pieces, thought first', async () => {
    const pieces = [
      pieceOf({ thinking: 'h' }),
      pieceOf({ thinking: 'm' }),
      pieceOf({ content: 'Grüße' }),
      pieceOf({ content: ' 🌞' }),
      endOf(),
    ];
    const all = await stream(pieces, { ...ASKED, includeUsage: true });
    expect(all).toMatchObject({ content: 'Grüße 🌞', reasoning: 'hm', finishReasons: ['stop'] });
    expect(all.usage).toMatchObject({ prompt_tokens: 26, completion_tokens: 282 });
    expect(all.translator.usage).toEqual(USAGE);
    expect((await stream(pieces)).usage).toBeUndefined();
  });

  test('calls in one line or in several have a running index', async () => {
    const { calls, finishReasons } = await stream([
      pieceOf({ tool_calls: [callOf('f', { a: 1 }), callOf('g', {})] }),
      pieceOf({ content: 'and' }),
      pieceOf({ tool_calls: [callOf('h', { b: [2] })] }),
      endOf(),
    ]);
    expect(calls.map(({ name, arguments: json }) => [name, JSON.parse(json)])).toEqual([
      ['f', { a: 1 }],
      ['g', {}],
      ['h', { b: [2] }],
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(3);
    expect(finishReasons).toEqual(['tool_calls']);
  });

  test('too long is `length`; an unknown reason is told', async () => {
    expect((await stream([pieceOf({ content: 'x' }), endOf('length')])).finishReasons).toEqual(['length']);
    const { finishReasons, translator } = await stream([pieceOf({ content: 'x' }), endOf('nap')]);
    expect([finishReasons, translator.warnings]).toEqual([['stop'], ['done-reason-unknown=nap']]);
  });

  test('a last line without its line feed is one', () => {
    const translator = ollamaTranslator.openStream(ASKED);
    const bytes = linesOf([pieceOf({ content: 'x' }), endOf()]);
    const said = Buffer.concat([translator.push(bytes.subarray(0, -1)), translator.end()]).toString();
    expect([said.includes('"finish_reason":"stop"'), said.endsWith('data: [DONE]\n\n')]).toEqual([true, true]);
  });

  test('what follows the last line says nothing', async () => {
    expect((await stream([pieceOf({ content: 'x' }), endOf(), pieceOf({ content: 'y' })])).content).toBe('x');
  });

  test.each([
    [
      'an error, whose words are kept',
      [pieceOf({ content: 'x' }), { error: 'an error was encountered while running the model' }],
      'was encountered',
    ],
    ['an end before its end', [pieceOf({ content: 'x' })], 'before its last line'],
    ['no line at all', [], 'without a line'],
    ['a model that was only loaded', [endOf('load', FIGURES)], 'only loaded'],
  ])('%s', (_name, pieces, words) => {
    const translator = ollamaTranslator.openStream(ASKED);
    const run = () => {
      translator.push(linesOf(pieces));
      translator.end();
    };
    expect(run).toThrow(TranslationError);
    expect(run).toThrow(words);
    expect(translator.isComplete).toBe(false);
  });

  test('a line beyond the bound is refused, however it comes', () => {
    const translator = ollamaTranslator.openStream(ASKED);
    const piece = Buffer.alloc(64 * 1024, 'x');
    expect(() => {
      for (let count = 0; count < 100; count++) translator.push(piece);
    }).toThrow('larger than');
  });
});

describe('errors', () => {
  const tell = (status: number, error: unknown, headers = {}) => {
    const answer = ollamaTranslator.readError(status, headers, Buffer.from(typeof error === 'string' ? error : JSON.stringify(error)));
    const body = JSON.parse(answer.body.toString());
    expectShape('error', body);
    return { ...answer, ...body.error };
  };

  test.each([
    [404, "model 'x' not found", 404, 'model_not_found'],
    [404, 'model "x" not found, try pulling it first', 404, 'model_not_found'],
    [400, 'the input length exceeds the context length', 400, 'context_length_exceeded'],
    [500, 'the prompt is longer than the context length currently available to the model', 400, 'context_length_exceeded'],
    [400, 'registry.ollama.ai/library/gemma:2b does not support tools', 400, 'unsupported_capability'],
    [503, 'server busy, please try again.  maximum pending requests exceeded', 503, 'overloaded'],
    [500, 'model runner has unexpectedly stopped', 500, null],
    [401, 'unauthorized', 401, 'invalid_api_key'],
  ])('%i %s', (status, words, expected, code) => {
    expect(tell(status, { error: words })).toMatchObject({ status: expected, message: words, code });
  });

  test('no words, and words in other forms', () => {
    expect(tell(502, '<html>').message).toContain('502');
    expect(tell(400, { error: { message: 'no' } })).toMatchObject({ message: 'no', type: 'invalid_request_error' });
    expect(tell(429, { error: 'slow down' }, { 'retry-after': '3' })).toMatchObject({ retryAfter: 3, type: 'rate_limit_error' });
    expect(tell(500, { error: 'x'.repeat(5000) }).message.length).toBeLessThan(2100);
  });
});
