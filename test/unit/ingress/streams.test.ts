import { describe, expect, test } from 'vitest';
import { TranslationError } from '../../../runtime/backends/translate/translator.ts';
import type { Ingress, IngressRequest, IngressStream } from '../../../runtime/ingress/ingress.ts';
import { INGRESSES } from '../../../runtime/ingress/ingresses.ts';
import { ANSWER_NAMES, ANSWERS, callOf, deltaOf, streamOf } from './chat-answers.ts';
import { readEvents } from './read-events.ts';

const { messages, responses, 'ollama-chat': chat, 'ollama-generate': generate } = INGRESSES;
const STREAMED: readonly Ingress[] = [messages, responses, chat];
const USER = { role: 'user', content: 'hi' };
const BODIES: Readonly<Record<string, object>> = {
  messages: { model: 'smart', max_tokens: 9, messages: [USER], stream: true },
  responses: { model: 'smart', input: 'hi', stream: true, include: ['reasoning.encrypted_content'] },
  'ollama-chat': { model: 'smart', messages: [USER] },
  'ollama-generate': { model: 'smart', prompt: 'hi' },
};
const FAILURE = { status: 502, message: 'gone', type: 'server_error', param: null, code: null, requestId: null };

function requestOf(ingress: Ingress): IngressRequest {
  return ingress.read(Buffer.from(JSON.stringify(BODIES[ingress.name])));
}

function run(ingress: Ingress, chunks: readonly Buffer[]): string {
  const stream = ingress.openStream(requestOf(ingress));
  return Buffer.concat([...chunks.map((chunk) => stream.push(chunk)), stream.end()]).toString();
}

describe.each(STREAMED)('$name', (ingress) => {
  test.each(ANSWER_NAMES)('survives a cut at every byte, LF and CRLF alike: %s', (name) => {
    for (const end of ['\n', '\r\n', '\r']) {
      const bytes = streamOf(ANSWERS[name].stream, end);
      const whole = run(ingress, [bytes]);
      for (let at = 0; at <= bytes.length; at++)
        if (run(ingress, [bytes.subarray(0, at), bytes.subarray(at)]) !== whole) throw new Error(`cut at ${at}`);
      expect(
        run(
          ingress,
          Array.from(bytes, (byte) => Buffer.of(byte)),
        ),
      ).toBe(whole);
    }
  });

  test('comments, unknown events and a stream without its last blank line change nothing', () => {
    const bytes = streamOf(ANSWERS.calls.stream).toString();
    const whole = run(ingress, [Buffer.from(bytes)]);
    const noisy = `: ping\n\nretry: 5\n\nevent: heartbeat\ndata: {"type":"ping"}\n\n${bytes.replaceAll('\n\n', '\n\n: OPENROUTER PROCESSING\n\n')}`;
    expect(run(ingress, [Buffer.from(noisy)])).toBe(whole);
    expect(run(ingress, [Buffer.from(bytes.trimEnd())])).toBe(whole);
    expect(run(ingress, [Buffer.from(`${bytes}data: [DONE]\n\ndata: {"choices":[]}\n\n`)])).toBe(whole);
    expect(run(ingress, [Buffer.from(bytes.replace('data: [DONE]\n\n', ''))])).toBe(whole);
  });

  test.each([
    ['nothing', ''],
    ['no finish', streamOf(ANSWERS.text.stream.slice(0, 2)).toString().replace('data: [DONE]\n\n', '')],
    ['no JSON', 'data: {\n\n'],
    ['no object', 'data: 3\n\n'],
    ['an end without a beginning', 'data: [DONE]\n\n'],
    ['its own error', 'data: {"error":{"message":"overloaded","type":"server_error","code":503}}\n\n'],
    ['a call without a name', streamOf([deltaOf({ tool_calls: [{ index: 0, function: { arguments: '{}' } }] })]).toString()],
    ['a larger event than may be', `data: ${' '.repeat(1024 * 1024)}`],
  ])('%s is an upstream failure', (_, text) => {
    const stream = ingress.openStream(requestOf(ingress));
    expect(() => {
      stream.push(Buffer.from(text));
      stream.push(Buffer.from('\n'));
      stream.end();
    }).toThrow(TranslationError);
  });

  test('what was said before a failure is handed out first', () => {
    const good = streamOf(ANSWERS.text.stream.slice(0, 2)).toString().replace('data: [DONE]\n\n', '');
    const stream = ingress.openStream(requestOf(ingress));
    const said = stream.push(Buffer.from(`${good}data: nonsense\n\n`));
    expect(said.toString()).toContain('elt');
    expect(() => stream.push(Buffer.alloc(0))).toThrow('no JSON');
  });

  test('fails in one event, and not after its last', () => {
    const stream = ingress.openStream(requestOf(ingress));
    stream.push(streamOf(ANSWERS.text.stream).subarray(0, 700));
    expect(stream.fail(FAILURE).toString()).toContain('gone');
    expect(stream.fail(FAILURE)).toHaveLength(0);
    const ended = ingress.openStream(requestOf(ingress));
    ended.push(streamOf(ANSWERS.text.stream));
    expect(ended.fail(FAILURE)).toHaveLength(0);
    const silent = ingress.openStream(requestOf(ingress));
    expect(silent.fail(FAILURE).toString()).toContain('gone');
  });

  test('servers that number calls badly are understood', () => {
    const wanted = run(ingress, [streamOf(ANSWERS.calls.stream)]);
    const [first, second] = [ANSWERS.calls.stream.slice(0, 5), ANSWERS.calls.stream.slice(5)];
    const renumber = (index: number | undefined) =>
      JSON.parse(JSON.stringify(second).replaceAll('"index":1', index === undefined ? '"other":0' : `"index":${index}`));
    expect(run(ingress, [streamOf([...first, ...renumber(0)])])).toBe(wanted);
    expect(run(ingress, [streamOf([...first, ...renumber(9)])])).toBe(wanted);
    expect(run(ingress, [streamOf([...first, ...renumber(undefined)])])).toBe(wanted);
  });
});

describe('bounds', () => {
  const stretch = (stream: IngressStream, piece: (at: number) => object, times: number): void => {
    for (let at = 0; at < times; at++) stream.push(Buffer.from(`data: ${JSON.stringify(piece(at))}\n\n`));
  };
  const long = 'x'.repeat(512 * 1024);

  test('a response, whose last event repeats it, is at most 8 Mi characters long', () => {
    const stream = responses.openStream(requestOf(responses));
    stretch(stream, () => deltaOf({ content: long }), 16);
    expect(() => stretch(stream, () => deltaOf({ content: long }), 1)).toThrow('longer than 8388608 characters');
  });

  test('arguments that Ollama tells whole are at most 1 Mi characters long', () => {
    const stream = chat.openStream(requestOf(chat));
    stretch(stream, () => callOf(0, 'c', 'f')[0], 1);
    stretch(stream, () => deltaOf({ tool_calls: [{ index: 0, function: { arguments: long } }] }), 2);
    expect(() => stretch(stream, () => deltaOf({ tool_calls: [{ index: 0, function: { arguments: 'x' } }] }), 1)).toThrow('1048576');
  });

  test('calls are at most 1024', () => {
    for (const ingress of STREAMED) {
      const stream = ingress.openStream(requestOf(ingress));
      stretch(stream, (at) => callOf(at, `c${at}`, 'f')[0], 1024);
      expect(() => stretch(stream, () => callOf(1024, 'c', 'f')[0], 1)).toThrow('more than 1024 calls');
    }
  });
});

describe('thoughts of a stream of messages', () => {
  const carried = (list: unknown[]) => `toolu_1__claude__${Buffer.from(JSON.stringify(list)).toString('base64url')}`;
  const blocksOf = (chunks: readonly object[]): readonly unknown[] =>
    readEvents(Buffer.from(run(messages, [streamOf(chunks as never)])))
      .filter((event) => event.type === 'content_block_start')
      .map((event) => event.content_block)
      .map((block) => [(block as { type: string }).type, (block as { id?: string }).id ?? (block as { data?: string }).data ?? null]);

  test('are said as blocks where they still can be', () => {
    expect(blocksOf([deltaOf({ reasoning_content: 'hm' }), ...callOf(0, carried([0, [0, 'hm', 's'], [0, 'R']]), 'f')])).toEqual([
      ['thinking', null],
      ['redacted_thinking', 'R'],
      ['tool_use', 'toolu_1'],
    ]);
    expect(blocksOf([deltaOf({ content: 'x' }), ...callOf(0, carried([1, [1, 'R']]), 'f')])).toEqual([
      ['text', null],
      ['redacted_thinking', 'R'],
      ['tool_use', 'toolu_1'],
    ]);
  });

  test('else stay in the id, of this call and of all behind it', () => {
    const late = carried([1, [0, 'hm', 's']]);
    const next = carried([1]).replace('toolu_1', 'toolu_2');
    const chunks = [deltaOf({ reasoning_content: 'hm' }), deltaOf({ content: 'x' }), ...callOf(0, late, 'f'), ...callOf(1, next, 'f')];
    expect(blocksOf(chunks)).toEqual([
      ['thinking', null],
      ['text', null],
      ['tool_use', late],
      ['tool_use', next],
    ]);
    // A signature is of one text: it is not hung on another, or on two.
    const once = carried([0, [0, 'hm', 's']]);
    expect(blocksOf([deltaOf({ reasoning_content: 'hm!' }), ...callOf(0, once, 'f')])).toEqual([
      ['thinking', null],
      ['tool_use', once],
    ]);
    const twice = carried([0, [0, 'h', 's'], [0, 'm', 's']]);
    expect(blocksOf([deltaOf({ reasoning_content: 'hm' }), ...callOf(0, twice, 'f')])).toEqual([
      ['thinking', null],
      ['tool_use', twice],
    ]);
  });
});

describe('calls', () => {
  test('without arguments get an empty object', () => {
    const bytes = [streamOf([...callOf(0, 'c1', 'f'), ...callOf(1, 'c2', 'g'), deltaOf({}, 'tool_calls')])];
    const heard = readEvents(Buffer.from(run(responses, bytes)));
    const { output } = heard.at(-1)!.response as { output: { arguments: string }[] };
    expect(output.map((item) => item.arguments)).toEqual(['{}', '{}']);
    expect(heard.filter((event) => event.type === 'response.function_call_arguments.delta').map((event) => event.delta)).toEqual([
      '{}',
      '{}',
    ]);
    const [line] = run(chat, bytes).split('\n');
    expect(JSON.parse(line).message.tool_calls.map((call: { function: object }) => call.function)).toEqual([
      { index: 0, name: 'f', arguments: {} },
      { index: 1, name: 'g', arguments: {} },
    ]);
  });

  test('are told before what is said behind them, and get nothing more then', () => {
    const late = deltaOf({ tool_calls: [{ index: 0, function: { arguments: '{}' } }] });
    const first = callOf(0, 'c1', 'f', '{"a":1}');
    const lines = run(chat, [streamOf([...first, deltaOf({ content: 'x' }), deltaOf({}, 'stop')])])
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line).message).map((message) => message.tool_calls?.length ?? message.content)).toEqual([
      1,
      'x',
      '',
    ]);
    for (const ingress of STREAMED) {
      expect(() => run(ingress, [streamOf([...first, deltaOf({ content: 'x' }), late])])).toThrow('left for another');
    }
  });
});

test('a prompt of /api/generate, which declares no tools, is not answered by a call', () => {
  expect(() => run(generate, [streamOf(ANSWERS.calls.stream)])).toThrow('calls a tool where none was declared');
  expect(() => generate.writeAnswer(ANSWERS.calls.whole, requestOf(generate))).toThrow('calls a tool');
});
