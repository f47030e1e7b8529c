import { describe, expect, test } from 'vitest';
import { readUsage } from '../../../runtime/backends/anthropic/read-usage.ts';
import { readStopReason, STOP_REASONS } from '../../../runtime/backends/anthropic/stop-reasons.ts';
import { anthropicTranslator } from '../../../runtime/backends/anthropic/translator.ts';
import { TranslationError } from '../../../runtime/backends/translate/translator.ts';
import { writeUsage } from '../../../runtime/backends/translate/usage.ts';
import { expectShape } from '../../shapes/expect-shape.ts';
import { ASKED } from './anthropic-target.ts';

// https://platform.claude.com/docs/en/api/messages
const MESSAGE = {
  id: 'msg_01',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  content: [{ type: 'text', text: 'Hi', citations: null }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 5, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 },
};

function read(change: object) {
  const answer = anthropicTranslator.readAnswer(Buffer.from(JSON.stringify({ ...MESSAGE, ...change })), ASKED);
  const body = JSON.parse(answer.body.toString());
  expectShape('completion', body);
  return { ...answer, completion: body, choice: body.choices[0] };
}

describe('answers', () => {
  test('text', () => {
    const { completion, usage, status } = read({});
    expect(status).toBe(200);
    expect(completion).toEqual({
      id: 'chatcmpl-test',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'smart',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi', refusal: null }, logprobs: null, finish_reason: 'stop' }],
      usage: writeUsage(usage!),
    });
  });

  test('parallel calls beside text, in order', () => {
    const { choice } = read({
      stop_reason: 'tool_use',
      content: [
        { type: 'text', text: 'I look' },
        { type: 'tool_use', id: 'toolu_1', name: 'a', input: { x: 1 } },
        { type: 'tool_use', id: 'toolu_2', name: 'b', input: {} },
      ],
    });
    expect(choice.finish_reason).toBe('tool_calls');
    expect(choice.message).toMatchObject({
      content: 'I look',
      tool_calls: [
        { id: 'toolu_1', type: 'function', function: { name: 'a', arguments: '{"x":1}' } },
        { id: 'toolu_2', type: 'function', function: { name: 'b', arguments: '{}' } },
      ],
    });
  });

  test('calls alone have no content, and finish with tool_calls whatever the provider says', () => {
    const { choice } = read({ content: [{ type: 'tool_use', id: 'toolu_1', name: 'a', input: {} }] });
    expect(choice.message.content).toBe(null);
    expect(choice.finish_reason).toBe('tool_calls');
  });

  test('the JSON tool’s input is the text, and it finishes with stop', () => {
    const { choice } = read({
      stop_reason: 'tool_use',
      content: [{ type: 'tool_use', id: 't', name: 'json_tool_call', input: { a: [1, 'é'] } }],
    });
    expect(choice.message).toEqual({ role: 'assistant', content: '{"a":[1,"é"]}', refusal: null });
    expect(choice.finish_reason).toBe('stop');
  });

  test('a number of many digits keeps them', () => {
    const body = JSON.stringify({ ...MESSAGE, content: [{ type: 'tool_use', id: 't', name: 'a', input: { id: 0 } }] }).replace(
      '"id":0',
      '"id":12345678901234567890',
    );
    const { choices } = JSON.parse(anthropicTranslator.readAnswer(Buffer.from(body), ASKED).body.toString());
    expect(choices[0].message.tool_calls[0].function.arguments).toBe('{"id":12345678901234567890}');
  });

  test('thoughts are told beside the text', () => {
    const { choice } = read({
      content: [
        { type: 'thinking', thinking: 'hm', signature: 'sig' },
        { type: 'redacted_thinking', data: 'xx' },
        { type: 'text', text: 'Hi' },
      ],
    });
    expect(choice.message).toEqual({ role: 'assistant', content: 'Hi', refusal: null, reasoning_content: 'hm' });
  });

  test('an empty answer and blocks of unknown kinds are none of our business', () => {
    expect(read({ content: [] }).choice.message.content).toBe('');
    expect(
      read({ content: [{ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }, ...MESSAGE.content] }).choice.message.content,
    ).toBe('Hi');
  });

  test('why it refused', () => {
    const { choice } = read({
      content: [],
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', category: 'bio', explanation: 'No.' },
    });
    expect(choice).toMatchObject({ finish_reason: 'content_filter', message: { refusal: 'No.' } });
  });

  test.each([
    ['no JSON', '<html>'],
    ['nothing', ''],
    ['no message', '{"id":"x"}'],
    ['something else', JSON.stringify({ ...MESSAGE, type: 'completion' })],
    ['null', 'null'],
    ['a message without content', '{"type":"message"}'],
    ['a text without text', JSON.stringify({ ...MESSAGE, content: [{ type: 'text' }] })],
    ['a call without an id', JSON.stringify({ ...MESSAGE, content: [{ type: 'tool_use', id: '', name: 'a', input: {} }] })],
    ['a block that is none', JSON.stringify({ ...MESSAGE, content: [7] })],
  ])('%s is a failure, never an empty success', (_, body) => {
    expect(() => anthropicTranslator.readAnswer(Buffer.from(body), ASKED)).toThrow(TranslationError);
  });

  test('an error that came as 200 is told as an error', () => {
    const body = JSON.stringify({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } });
    expect(() => anthropicTranslator.readAnswer(Buffer.from(body), ASKED)).toThrow(
      expect.objectContaining({ answer: expect.objectContaining({ status: 503 }) }),
    );
  });
});

describe('stop reasons', () => {
  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['tool_use', 'tool_calls'],
    ['pause_turn', 'stop'],
    ['refusal', 'content_filter'],
    ['model_context_window_exceeded', 'length'],
    ['compaction', 'stop'],
  ])('%s → %s', (reason, finish) => {
    expect(STOP_REASONS).toContain(reason);
    expect(readStopReason(reason)).toEqual({ finish, warnings: [] });
  });

  test('a new one is a stop, and goes to the log', () => {
    expect(STOP_REASONS).toHaveLength(8);
    expect(read({ stop_reason: 'nap' })).toMatchObject({ choice: { finish_reason: 'stop' }, warnings: ['stop-reason-unknown=nap'] });
    expect(readStopReason('toString').warnings).toEqual(['stop-reason-unknown=tostring']);
    expect(readStopReason({}).warnings).toEqual(['stop-reason-unknown=none']);
  });

  test('tool_use without a call is a stop', () => {
    expect(read({ stop_reason: 'tool_use' }).choice.finish_reason).toBe('stop');
  });
});

describe('usage', () => {
  test('prompt tokens hold what came from and went to caches; the lives of caches are apart; the parts add up', () => {
    const { usage, completion } = read({
      usage: {
        input_tokens: 10,
        output_tokens: 20,
        cache_read_input_tokens: 300,
        cache_creation_input_tokens: 50,
        cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
        output_tokens_details: { thinking_tokens: 7 },
      },
    });
    expect(usage).toEqual({ input: 10, cacheRead: 300, cacheWrite5m: 20, cacheWrite1h: 30, output: 20, reasoning: 7 });
    expect(completion.usage).toEqual({
      prompt_tokens: 360,
      completion_tokens: 20,
      total_tokens: 380,
      prompt_tokens_details: { cached_tokens: 300 },
      completion_tokens_details: { reasoning_tokens: 7 },
    });
  });

  test('cumulative figures replace earlier ones, null leaves them, nonsense counts for nothing', () => {
    const start = readUsage(
      { input_tokens: 43, output_tokens: 1, cache_creation: { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 9 } },
      null,
    );
    expect(readUsage({ input_tokens: 61, output_tokens: 30 }, start)).toMatchObject({
      input: 61,
      output: 30,
      cacheWrite5m: 5,
      cacheWrite1h: 9,
    });
    expect(readUsage({ input_tokens: null, output_tokens: 30 }, start)!.input).toBe(43);
    expect(readUsage({ input_tokens: -1, output_tokens: 'x' }, start)).toEqual(start);
    expect(readUsage({ cache_creation_input_tokens: 20 }, start)).toMatchObject({ cacheWrite5m: 11, cacheWrite1h: 9 });
    expect(readUsage({ output_tokens: 3, output_tokens_details: { thinking_tokens: 9 } }, null)!.reasoning).toBe(3);
    expect(readUsage('x', null)).toBe(null);
  });

  test('an answer without figures has none', () => {
    expect(read({ usage: undefined })).toMatchObject({ usage: null });
  });
});
