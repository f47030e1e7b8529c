import { describe, expect, test } from 'vitest';
import { ollamaChatIngress } from '../../../runtime/ingress/ollama/chat.ts';
import { ollamaEmbedIngress } from '../../../runtime/ingress/ollama/embed.ts';
import { ollamaGenerateIngress } from '../../../runtime/ingress/ollama/generate.ts';
import { readThrough, refusalOf } from './read-through.ts';

const USER = { role: 'user', content: 'hi' };
const PNG = 'iVBORw0KGgoAAAA=';

describe('chat', () => {
  test('is said in chat’s words, and streams unless told not to', () => {
    const { chat, warnings, request } = readThrough(ollamaChatIngress, {
      model: 'smart',
      messages: [
        { role: 'system', content: 's' },
        { ...USER, images: [PNG] },
      ],
      options: { num_predict: 20, temperature: 0.1, top_p: 0.5, seed: 7, stop: ['x'], presence_penalty: 1, frequency_penalty: -1 },
      format: 'json',
      think: 'high',
      tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
    });
    expect(request.stream).toBe(true);
    expect(warnings).toEqual([]);
    expect(chat).toEqual({
      model: 'smart',
      messages: [
        { role: 'system', content: 's' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'hi' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
          ],
        },
      ],
      stream: true,
      stream_options: { include_usage: true },
      tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
      response_format: { type: 'json_object' },
      reasoning_effort: 'high',
      max_tokens: 20,
      temperature: 0.1,
      top_p: 0.5,
      seed: 7,
      stop: ['x'],
      presence_penalty: 1,
      frequency_penalty: -1,
    });
  });

  test.each([
    [true, 'medium'],
    [false, 'none'],
    ['low', 'low'],
  ])('think %s is effort %s', (think, effort) => {
    expect(readThrough(ollamaChatIngress, { model: 'm', messages: [USER], think }).chat.reasoning_effort).toBe(effort);
  });

  test.each([-1, -2])('num_predict %s is no cap', (num_predict) => {
    const { chat } = readThrough(ollamaChatIngress, { model: 'm', messages: [USER], options: { num_predict } });
    expect(chat).not.toHaveProperty('max_tokens');
  });

  test('what steers one server alone is told', () => {
    const { warnings } = readThrough(ollamaChatIngress, {
      model: 'm',
      messages: [USER, { role: 'assistant', content: 'x', thinking: 'hm' }, USER],
      keep_alive: '5m',
      options: { num_ctx: 4096, top_k: 40, repeat_penalty: 1.1 },
    });
    expect(warnings).toEqual([
      'keep-alive-ignored',
      'message-thinking-left-out',
      'options-num-ctx-ignored',
      'options-top-k-ignored',
      'options-repeat-penalty-ignored',
    ]);
  });

  test('results find their calls by id, by name, or in order', () => {
    const call = (name: string, id?: string) => ({ ...(id === undefined ? {} : { id }), function: { name, arguments: { a: 1 } } });
    const ids = (calls: object[], results: object[]): string[] =>
      readThrough(ollamaChatIngress, { model: 'm', messages: [USER, { role: 'assistant', tool_calls: calls }, ...results] })
        .chat.messages.slice(2)
        .map((message: { tool_call_id: string }) => message.tool_call_id);
    const result = (more: object = {}) => ({ role: 'tool', content: 'r', ...more });
    expect(ids([call('a'), call('b')], [result(), result()])).toEqual(['call_0', 'call_1']);
    expect(ids([call('a'), call('b')], [result({ tool_name: 'b' }), result({ tool_name: 'a' })])).toEqual(['call_1', 'call_0']);
    expect(ids([call('a', 'x'), call('a', 'y')], [result({ tool_call_id: 'y' }), result({ tool_name: 'a' })])).toEqual(['y', 'x']);
  });
});

test('generate: one prompt, with pictures and a schema', () => {
  const schema = { type: 'object', properties: {}, additionalProperties: false };
  const { chat } = readThrough(ollamaGenerateIngress, { model: 'm', prompt: 'p', images: [PNG], format: schema, stream: false });
  expect(chat.messages[0].content).toHaveLength(2);
  expect(chat.response_format.json_schema).toEqual({ name: 'answer', schema, strict: true });
  expect(chat).not.toHaveProperty('stream');
});

describe('refusals', () => {
  test('tell every mistake, in its place', () => {
    const refusal = refusalOf(ollamaChatIngress, {
      messages: [
        { role: 'nobody' },
        { ...USER, images: ['AAAA'] },
        { role: 'assistant', tool_calls: [{}] },
        { role: 'tool', content: 'x' },
        { role: 'user', content: [] },
      ],
      tools: [{ type: 'function' }],
      format: 'xml',
      think: 'hard',
      logprobs: true,
      options: { num_predict: 0, temperature: 'hot', seed: 1.5 },
    });
    for (const place of [
      '`model`',
      '`messages[0]`',
      '`messages[1].images[0]`',
      '`messages[2].tool_calls[0]`',
      '`messages[3]`',
      '`messages[4].content`',
      '`tools[0]`',
      '`format`',
      '`think`',
      '`logprobs`',
      '`options.num_predict`',
      '`options.temperature`',
      '`options.seed`',
    ])
      expect(refusal.message).toContain(place);
    expect(refusalOf(ollamaChatIngress, { model: 'm' }).message).toContain('`messages` are missing');
    expect(refusalOf(ollamaChatIngress, { model: 'm', messages: [] }).message).toContain('nothing is said');
    expect(refusalOf(ollamaEmbedIngress, { model: 'm', input: [''] }).message).toContain('`input`');
  });
});
