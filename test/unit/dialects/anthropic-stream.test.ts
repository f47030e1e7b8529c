import { describe, expect, test } from 'vitest';
import { anthropicTranslator } from '../../../runtime/backends/anthropic/translator.ts';
import { type Asked, TranslationError } from '../../../runtime/backends/translate/translator.ts';
import { blockOf, bytesOf, type Event, endOf, PING, startOf, textOf, thoughtOf, toolOf } from './anthropic-events.ts';
import { ASKED } from './anthropic-target.ts';
import { accumulate, readChunks } from './read-chunks.ts';

function translate(events: readonly Event[] | Buffer, asked: Asked = ASKED) {
  const stream = anthropicTranslator.openStream(asked);
  const bytes = Buffer.concat([stream.push(Buffer.isBuffer(events) ? events : bytesOf(events)), stream.end()]);
  return { bytes, stream };
}

async function read(events: readonly Event[] | Buffer, asked?: Asked) {
  const { bytes, stream } = translate(events, asked);
  expect(bytes.toString().endsWith('data: [DONE]\n\n')).toBe(true);
  const chunks = await readChunks(bytes);
  return { chunks, stream, said: accumulate(chunks) };
}

/** Pushes event after event; the error, and what was said before it. */
function fail(events: readonly (Event | string)[]): { readonly said: string; readonly error: TranslationError } {
  const stream = anthropicTranslator.openStream(ASKED);
  let said = '';
  try {
    for (const event of events) said += stream.push(typeof event === 'string' ? Buffer.from(event) : bytesOf([event]));
    said += stream.end();
  } catch (error) {
    if (error instanceof TranslationError) return { said, error };
    throw error;
  }
  throw new Error('nothing failed');
}

describe('streams', () => {
  test('the documented example: role, content, finish', async () => {
    const { chunks, stream } = await read([startOf(), ...textOf(0, 'Hello', '!'), PING, ...endOf('end_turn')]);
    expect(chunks.map(({ choices: [choice] }) => [choice.delta, choice.finish_reason])).toEqual([
      [{ role: 'assistant', content: '', refusal: null }, null],
      [{ content: 'Hello' }, null],
      [{ content: '!' }, null],
      [{}, 'stop'],
    ]);
    expect(chunks[0]).toMatchObject({ id: 'chatcmpl-test', model: 'smart', created: 1_700_000_000 });
    expect(stream.isComplete).toBe(true);
  });

  test('parallel calls, with text and thought before them: an own running index, arguments as they came', async () => {
    const { said } = await read([
      startOf(),
      ...textOf(0, 'I look.'),
      ...toolOf(1, 'toolu_a', 'look', '', '{"at": "San', ' Francisco"}'),
      ...toolOf(2, 'toolu_b', 'listen', '{}'),
      ...endOf('tool_use'),
    ]);
    expect(said).toMatchObject({
      content: 'I look.',
      finishReasons: ['tool_calls'],
      calls: [
        { id: 'toolu_a', name: 'look', arguments: '{"at": "San Francisco"}' },
        { id: 'toolu_b', name: 'listen', arguments: '{}' },
      ],
    });
  });

  test('a call without arguments gets `{}`; one whose input came at once gets that', async () => {
    const whole = blockOf(1, { type: 'tool_use', id: 'b', name: 'g', input: { x: 1 } });
    const { said } = await read([startOf(), ...toolOf(0, 'a', 'f', ''), ...whole, ...endOf('tool_use')]);
    expect(said.calls.map((call) => call.arguments)).toEqual(['{}', '{"x":1}']);
  });

  test('a call whose end is never told has its `{}` all the same', async () => {
    const { said } = await read([startOf(), ...toolOf(0, 'a', 'f').slice(0, 1), ...endOf('tool_use')]);
    expect(said.calls[0].arguments).toBe('{}');
  });

  test('the JSON tool is text', async () => {
    const { said } = await read([startOf(), ...toolOf(0, 'a', 'json_tool_call', '{"a"', ':1}'), ...endOf('tool_use')]);
    expect(said).toMatchObject({ content: '{"a":1}', calls: [], finishReasons: ['stop'] });
  });

  test('thoughts are told as `reasoning_content`', async () => {
    const { said } = await read([startOf(), ...thoughtOf(0, 'sig', 'let me ', 'see'), ...textOf(1, 'x'), ...endOf('end_turn')]);
    expect(said).toMatchObject({ reasoning: 'let me see', content: 'x' });
  });

  test('why it refused', async () => {
    const delta = { stop_reason: 'refusal', stop_details: { type: 'refusal', category: null, explanation: 'No.' } };
    const { said } = await read([startOf(), { type: 'message_delta', delta, usage: { output_tokens: 1 } }, { type: 'message_stop' }]);
    expect(said).toMatchObject({ refusal: 'No.', finishReasons: ['content_filter'] });
  });

  test('a stop reason that is not known is a stop, and goes to the log once', async () => {
    const { said, stream } = await read([startOf(), ...endOf('nap')]);
    expect(said.finishReasons).toEqual(['stop']);
    expect(stream.warnings).toEqual(['stop-reason-unknown=nap']);
  });

  test('cumulative usage overrides the first: 43 becomes 61', async () => {
    const { stream } = await read([startOf(), ...textOf(0, 'x'), ...endOf('end_turn', { input_tokens: 61, output_tokens: 20 })]);
    expect(stream.usage).toMatchObject({ input: 61, output: 20 });
  });

  test('usage is told in a chunk of its own, and only where it was asked for', async () => {
    const events = [startOf(), ...textOf(0, 'x'), ...endOf('end_turn')];
    const asked = await read(events, { ...ASKED, includeUsage: true });
    expect(asked.chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 43, completion_tokens: 15, total_tokens: 58 } });
    expect(asked.chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect((await read(events)).chunks.every((chunk) => !('usage' in chunk))).toBe(true);
  });

  test('CRLF and CR are line ends too', async () => {
    for (const end of ['\r\n', '\r']) {
      const { said } = await read(bytesOf([startOf(), ...textOf(0, 'x\r\ny'), ...endOf('end_turn')], end));
      expect(said.content).toBe('x\r\ny');
    }
  });

  test('comments, pings, unknown events, unknown blocks and unknown pieces are dropped', async () => {
    const { chunks } = await read(
      Buffer.concat([
        Buffer.from(': keep-alive\n\n'),
        bytesOf([
          PING,
          startOf(),
          { type: 'content_block_nap', index: 0 },
          ...blockOf(
            0,
            { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
            { type: 'input_json_delta', partial_json: '{"q":1}' },
          ),
          ...blockOf(1, { type: 'text', text: '' }, { type: 'citations_delta', citation: {} }, { type: 'nap_delta' }),
          ...endOf('end_turn'),
        ]),
      ]),
    );
    expect(chunks).toHaveLength(2);
  });

  test('events that come twice say things once', async () => {
    const [stop, end] = endOf('tool_use');
    const [begin, piece, close] = toolOf(0, 'a', 'f', '{}');
    const { said, stream } = await read([
      startOf(),
      startOf({ input_tokens: 1, output_tokens: 1 }),
      begin,
      begin,
      piece,
      close,
      close,
      stop,
      stop,
      end,
      end,
      ...textOf(5, 'too late'),
    ]);
    expect(said).toMatchObject({ calls: [{ id: 'a', arguments: '{}' }], finishReasons: ['tool_calls'], content: '' });
    expect(stream.usage!.input).toBe(43);
  });

  test('a stream that ends after its stop reason is whole', async () => {
    const { said } = await read([startOf(), ...textOf(0, 'x'), endOf('max_tokens')[0]]);
    expect(said.finishReasons).toEqual(['length']);
  });
});

describe('streams that fail', () => {
  test('an empty one, and one of pings alone', () => {
    expect(fail([]).error.message).toContain('without an event');
    expect(fail([PING, ': x\n\n']).error.message).toContain('without an event');
    expect(fail([{ type: 'message_stop' }]).error.message).toContain('before it begins');
  });

  test('one that breaks off has no [DONE]', () => {
    const { said, error } = fail([startOf(), ...textOf(0, 'x')]);
    expect(said).toContain('"x"');
    expect(said).not.toContain('[DONE]');
    expect(error.message).toContain('before its last event');
  });

  test('an error after a 200 keeps its meaning, and what was said before it is said', () => {
    const event = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    const { said, error } = fail([bytesOf([startOf(), ...textOf(0, 'x'), event]).toString()]);
    expect(said).toContain('"x"');
    expect(said).not.toContain('[DONE]');
    expect(error.answer!.status).toBe(503);
    expect(JSON.parse(error.answer!.body.toString()).error).toMatchObject({ message: 'Overloaded', code: 'overloaded' });
  });

  test('an error that comes first is thrown at once', () => {
    const stream = anthropicTranslator.openStream(ASKED);
    expect(() => stream.push(bytesOf([{ type: 'error', error: { type: 'api_error', message: 'x' } }]))).toThrow(TranslationError);
    expect(() => stream.push(bytesOf([startOf()]))).toThrow(TranslationError);
    expect(() => stream.end()).toThrow(TranslationError);
  });

  test.each<[string, readonly (Event | string)[]]>([
    ['no JSON', ['data: {"type":"mess\n\n']],
    ['no object', ['data: 7\n\n']],
    ['no type', ['data: {}\n\n']],
    ['a block without an index', [{ type: 'content_block_start', content_block: { type: 'text' } }]],
    ['a call without a name', [{ type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a' } }]],
    ['a piece without content', [{ type: 'content_block_delta', index: 0 }]],
    ['arguments of no call', [{ type: 'content_block_delta', index: 3, delta: { type: 'input_json_delta', partial_json: '{' } }]],
    ['an event without end', [`data: ${'x'.repeat(2 ** 20)}`]],
  ])('%s', (_, events) => {
    expect(fail(events).error).toBeInstanceOf(TranslationError);
  });

  test('blocks are bounded', () => {
    const stream = anthropicTranslator.openStream(ASKED);
    const events = Array.from({ length: 10_001 }, (_, index) => ({
      type: 'content_block_start',
      index,
      content_block: { type: 'text', text: '' },
    }));
    expect(() => {
      stream.push(bytesOf(events));
      stream.push(Buffer.alloc(0));
    }).toThrow('more than 10000 blocks');
  });
});
