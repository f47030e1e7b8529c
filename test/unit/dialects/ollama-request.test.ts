import { describe, expect, test } from 'vitest';
import { PARAMETERS } from '../../../runtime/backends/ollama/parameters.ts';
import { PARAMETERS as OTHERS } from '../../../runtime/backends/google/parameters.ts';
import { buildTarget, refusalOf, write } from './ollama-wire.ts';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

test('the least request: no stream, nothing cut in silence, the declared window', () => {
  const { path, warnings, request } = write({});
  expect([path, warnings]).toEqual(['/api/chat', []]);
  expect(request).toEqual({
    model: 'llama3.2',
    messages: [{ role: 'user', content: 'hi' }],
    stream: false,
    options: { num_ctx: 8192 },
    truncate: false,
    shift: false,
  });
  expect(write({}, buildTarget('llama3.2', null)).request).not.toHaveProperty('options');
});

describe('options', () => {
  test('numbers by their names; of the caps policy, then the newer name, then the older', () => {
    const body = { max_tokens: 9, temperature: 0, top_p: 0.5, top_k: 40, min_p: 0.1, seed: 7, presence_penalty: 1, frequency_penalty: -1 };
    const { request, warnings } = write({ ...body, stop: 'END', repeat_penalty: 1.1 });
    expect(request.options).toEqual({
      num_ctx: 8192,
      num_predict: 9,
      temperature: 0,
      top_p: 0.5,
      top_k: 40,
      min_p: 0.1,
      repeat_penalty: 1.1,
      seed: 7,
      presence_penalty: 1,
      frequency_penalty: -1,
      stop: ['END'],
    });
    expect(warnings).toEqual([]);
    expect(write({ max_tokens: 9, max_completion_tokens: 8 }).request.options?.num_predict).toBe(8);
    expect(write({ max_tokens: 9, max_completion_tokens: 8 }, buildTarget(), 5).request.options?.num_predict).toBe(5);
  });

  test('the window is the same whatever the request: another one would load the model anew', () => {
    const long = 'x'.repeat(100_000);
    for (const body of [{}, { max_tokens: 1 }, { messages: [{ role: 'user', content: long }] }]) {
      expect(write(body).request.options?.num_ctx).toBe(8192);
    }
  });

  test.each([
    [{ temperature: '1' }, 'temperature'],
    [{ stop: [1] }, 'stop'],
    [{ keep_alive: true }, 'keep_alive'],
  ])('refused: %j', (body, param) => {
    expect(refusalOf(body)).toMatchObject({ param });
  });

  test('keep_alive is the caller’s', () => {
    expect(write({ keep_alive: '10m' }).request.keep_alive).toBe('10m');
    expect(write({ keep_alive: -1 }).request.keep_alive).toBe(-1);
  });
});

describe('parameters', () => {
  test('every parameter that the other dialects know is decided', () => {
    expect(Object.keys(OTHERS).filter((name) => !Object.hasOwn(PARAMETERS, name) && name !== 'extra_body')).toEqual([]);
  });

  test('what is left out is told, what would change the answer is refused, all of it at once', () => {
    expect(write({ user: 'u', store: true, novelty: 1 }).warnings).toEqual(['user-ignored', 'store-ignored', 'novelty-ignored']);
    expect(write({ store: false, n: 1, logprobs: false, logit_bias: {}, metadata: {} }).warnings).toEqual([]);
    const refusal = refusalOf({ n: 2, logprobs: true, audio: { voice: 'x' } });
    expect(refusal.message.match(/know no/g)).toHaveLength(3);
  });
});

describe('messages', () => {
  test('roles, parts, pictures, thoughts, calls and their results', () => {
    const { request, warnings } = write({
      messages: [
        { role: 'developer', content: 'be brief' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'what is this' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}`, detail: 'high' } },
            { type: 'text', text: 'and that' },
          ],
        },
        {
          role: 'assistant',
          content: null,
          reasoning_content: 'hm',
          tool_calls: [
            { id: 'call_a', type: 'function', function: { name: 'look', arguments: '{"id":7}' } },
            { id: 'call_b', type: 'function', function: { name: 'wait', arguments: '' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_b', content: 'waited' },
        { role: 'tool', tool_call_id: 'call_a', content: [{ type: 'text', text: 'seen' }] },
      ],
    });
    expect(request.messages).toEqual([
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'what is this\nand that', images: [PIXEL] },
      {
        role: 'assistant',
        content: '',
        thinking: 'hm',
        tool_calls: [
          { id: 'call_a', function: { index: 0, name: 'look', arguments: { id: 7 } } },
          { id: 'call_b', function: { index: 1, name: 'wait', arguments: {} } },
        ],
      },
      { role: 'tool', content: 'waited', tool_name: 'wait', tool_call_id: 'call_b' },
      { role: 'tool', content: 'seen', tool_name: 'look', tool_call_id: 'call_a' },
    ]);
    expect(warnings).toEqual(['image-detail-ignored']);
  });

  test('numbers in arguments keep their digits', () => {
    const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"id":12345678901234567890}' } };
    expect(write({ messages: [{ role: 'assistant', tool_calls: [call] }] }).text).toContain('"arguments":{"id":12345678901234567890}');
  });

  test('arguments that are no JSON, or no object, are wrapped and told', () => {
    const call = (args: string) => [
      { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: args } }] },
    ];
    for (const [text, value] of [
      ['{"a":', '{"a":'],
      ['[1]', [1]],
      ['7', 7],
    ] as const) {
      const { request, warnings } = write({ messages: call(text) });
      expect(request.messages[0].tool_calls?.[0].function.arguments).toEqual({ arguments: value });
      expect(warnings).toEqual(['tool-arguments-wrapped']);
    }
  });

  test.each([
    [[{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }] }], 'ollama fetches nothing'],
    [[{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:application/pdf;base64,AA' } }] }], 'no picture'],
    [[{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }], 'type `input_audio`'],
    [[{ role: 'assistant', content: [{ type: 'image_url', image_url: { url: `data:;base64,${PIXEL}` } }] }], 'type `image_url`'],
    [[{ role: 'function', content: '' }], 'has the role `function`'],
    [[{ role: 'tool', tool_call_id: 'x', content: '' }], 'answers no call'],
    [['hi'], 'must be an object'],
    [[{ role: 'user', content: 7 }], 'a string or a list'],
    [[{ role: 'assistant', tool_calls: [{ id: 1 }] }], '`messages[0].tool_calls[0]`'],
  ])('refused: %j', (messages, words) => {
    const refusal = refusalOf({ messages });
    expect(refusal.message).toContain(words);
    expect(refusal.param).toBe('messages');
  });
});

describe('tools', () => {
  const tool = (name: string, parameters?: object, more: object = {}) => ({ type: 'function', function: { name, parameters, ...more } });

  test('references are written out, words that ollama drops are told', () => {
    const { request, warnings } = write({
      tools: [
        tool('f', {
          type: 'object',
          properties: {
            who: { $ref: '#/$defs/Person' },
            kind: { const: 'x' },
            either: { oneOf: [{ type: 'string', minLength: 2 }, { type: 'null' }] },
          },
          required: ['who'],
          additionalProperties: false,
          $defs: { Person: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
        }),
        tool('g'),
      ],
    });
    expect(request.tools?.map((one) => one.function.parameters)).toEqual([
      {
        type: 'object',
        properties: {
          who: { type: 'object', properties: { name: { type: 'string' } } },
          kind: { enum: ['x'] },
          either: { anyOf: [{ type: 'string' }, { type: 'null' }] },
        },
        required: ['who'],
      },
      { type: 'object', properties: {} },
    ]);
    expect(warnings).toEqual(['tools-schema-loosened=minlength+required']);
  });

  test('a schema that refers to itself ends, and says so', () => {
    const node = { type: 'object', properties: { left: { $ref: '#/$defs/Node' }, right: { $ref: '#/$defs/Node' } } };
    const { request, warnings } = write({ tools: [tool('f', { $ref: '#/$defs/Node', $defs: { Node: node } })] });
    expect(request.tools?.[0].function.parameters).toEqual({ type: 'object', properties: { left: {}, right: {} } });
    expect(warnings).toEqual(['tools-schema-loosened=recursion']);
  });

  test('a schema whose references double at every step is bounded', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, at) => [`D${at}`, { anyOf: [{ $ref: `#/$defs/D${at + 1}` }, { $ref: `#/$defs/D${at + 1}` }] }]),
    );
    const { request, warnings } = write({ tools: [tool('f', { properties: { a: { $ref: '#/$defs/D0' } }, $defs })] });
    expect(JSON.stringify(request).length).toBeLessThan(200_000);
    expect(warnings[0]).toContain('depth');
  });

  test('what must not be called is not declared; that something must be called is told', () => {
    const tools = [tool('f'), tool('g')];
    const names = (choice: unknown): readonly string[] | undefined =>
      write({ tools, tool_choice: choice }).request.tools?.map((one) => one.function.name);
    const warned = (choice: unknown): readonly string[] => write({ tools, tool_choice: choice }).warnings;
    expect([names('auto'), warned('auto')]).toEqual([['f', 'g'], []]);
    expect([names('none'), warned('none')]).toEqual([undefined, []]);
    expect([names('required'), warned('required')]).toEqual([['f', 'g'], ['tool-choice-not-forced']]);
    const named = { type: 'function', function: { name: 'g' } };
    expect([names(named), warned(named)]).toEqual([['g'], ['tool-choice-not-forced']]);
    const allowed = { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [named] } };
    expect([names(allowed), warned(allowed)]).toEqual([['g'], []]);
    expect(write({ tools, parallel_tool_calls: false }).warnings).toEqual(['parallel-tool-calls-ignored']);
  });

  test.each([
    [{ tools: [{ type: 'custom' }] }, 'tools'],
    [{ tools: {} }, 'tools'],
    [{ tools: [tool('f')], tool_choice: { type: 'function', function: { name: 'h' } } }, 'tool_choice'],
    [{ tools: [tool('f')], tool_choice: 7 }, 'tool_choice'],
    [{ tool_choice: 'required' }, 'tool_choice'],
  ])('refused: %j', (body, param) => {
    expect(refusalOf(body)).toMatchObject({ param });
  });

  test('a format beside tools keeps the model from calling, and that is told', () => {
    const { request, warnings } = write({ tools: [tool('f')], response_format: { type: 'json_object' } });
    expect([request.format, warnings]).toEqual(['json', ['tool-calls-prevented=response-format']]);
  });
});

describe('format and thinking', () => {
  test('a schema goes whole', () => {
    const schema = { type: 'object', properties: { a: { type: 'string', pattern: '^x' } }, required: ['a'], additionalProperties: false };
    expect(write({ response_format: { type: 'json_schema', json_schema: { name: 'n', strict: true, schema } } }).request.format).toEqual(
      schema,
    );
    expect(write({ response_format: { type: 'text' } }).request).not.toHaveProperty('format');
    expect(refusalOf({ response_format: { type: 'xml' } })).toMatchObject({ param: 'response_format' });
  });

  test('levels where the model has them, else on or off', () => {
    const think = (effort: string, model?: string): unknown => {
      const { request, warnings } = write({ reasoning_effort: effort }, buildTarget(model));
      return [request.think, ...warnings];
    };
    expect(think('none')).toEqual([false]);
    expect(think('high')).toEqual([true, 'reasoning-effort-changed=on']);
    expect(think('high', 'gpt-oss:20b')).toEqual(['high']);
    expect(think('none', 'gpt-oss')).toEqual(['low', 'reasoning-effort-changed=low']);
    expect(think('xhigh', 'library/gpt-oss:120b')).toEqual(['high', 'reasoning-effort-changed=high']);
    expect(write({}).request).not.toHaveProperty('think');
    expect(refusalOf({ reasoning_effort: 'much' })).toMatchObject({ param: 'reasoning_effort' });
  });
});
