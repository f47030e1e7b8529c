import { describe, expect, test } from 'vitest';
import { messagesIngress } from '../../../runtime/ingress/messages/messages.ts';
import { readThrough, refusalOf } from './read-through.ts';

const USER = { role: 'user', content: 'hi' };
const BASE = { model: 'smart', max_tokens: 4096, messages: [USER] };
const PNG = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' };
const TOOL = { name: 'look', description: 'Looks.', input_schema: { type: 'object' } };

function read(body: object) {
  return readThrough(messagesIngress, { ...BASE, ...body });
}

describe('parameters', () => {
  test('are said in chat’s words', () => {
    const { chat, warnings, request } = read({
      stream: true,
      stop_sequences: ['END'],
      temperature: 0.5,
      top_p: 0.9,
      metadata: { user_id: 'u-1' },
      service_tier: 'standard_only',
      speed: 'standard',
    });
    expect(chat).toEqual({
      model: 'smart',
      messages: [USER],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 4096,
      temperature: 0.5,
      top_p: 0.9,
      stop: ['END'],
      user: 'u-1',
      service_tier: 'default',
    });
    expect(warnings).toEqual([]);
    expect(request).toMatchObject({ stream: true, model: 'smart', mayGoNative: true });
    expect(request.pivot).toBe(request.chat);
  });

  test('that chat has no word for are told', () => {
    const { chat, warnings } = read({
      top_k: 5,
      cache_control: { type: 'ephemeral' },
      speed: 'fast',
      context_management: { edits: [] },
      metadata: { user_id: 'u'.repeat(65) },
      nonsense: 1,
    });
    expect(warnings).toEqual([
      'top-k-ignored',
      'cache-control-ignored',
      'speed-ignored',
      'context-management-ignored',
      'nonsense-ignored',
      'metadata-user-id-hashed',
    ]);
    expect(chat.user).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each([
    [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, 'low', ['thinking-budget-as-effort=low']],
    [{ thinking: { type: 'enabled', budget_tokens: 2048 } }, 'medium', ['thinking-budget-as-effort=medium']],
    [{ thinking: { type: 'enabled', budget_tokens: 31_999 } }, 'high', ['thinking-budget-as-effort=high']],
    [{ thinking: { type: 'adaptive' } }, 'high', []],
    [{ thinking: { type: 'adaptive', display: 'omitted' }, output_config: { effort: 'max' } }, 'max', ['thinking-display-ignored']],
    [{ thinking: { type: 'disabled' }, output_config: { effort: 'low' } }, 'none', []],
    [{ output_config: { effort: 'medium' } }, 'medium', []],
    [{ thinking: { type: 'between_tools' } }, 'low', ['thinking-between-tools-ignored']],
  ])('%j is effort %s', (body, effort, told) => {
    const { chat, warnings } = read(body);
    expect(chat.reasoning_effort).toBe(effort);
    expect(warnings).toEqual(told);
  });

  test('a form of the answer is enforced where OpenAI would enforce it', () => {
    const closed = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
    const open = { ...closed, required: [] };
    const formatOf = (schema: object) => read({ output_config: { format: { type: 'json_schema', schema } } });
    expect(formatOf(closed).chat.response_format).toEqual({
      type: 'json_schema',
      json_schema: { name: 'answer', schema: closed, strict: true },
    });
    expect(formatOf(open).chat.response_format.json_schema).toEqual({ name: 'answer', schema: open });
    expect(formatOf(open).warnings).toEqual(['response-format-not-strict']);
    expect(formatOf({ ...closed, properties: { a: open } }).warnings).toEqual(['response-format-not-strict']);
  });
});

describe('tools', () => {
  test.each([
    [{ type: 'auto' }, { tool_choice: 'auto' }],
    [
      { type: 'any', disable_parallel_tool_use: true },
      { tool_choice: 'required', parallel_tool_calls: false },
    ],
    [{ type: 'none' }, { tool_choice: 'none' }],
    [{ type: 'tool', name: 'look' }, { tool_choice: { type: 'function', function: { name: 'look' } } }],
  ])('choice %j', (tool_choice, said) => {
    const { tools, tool_choice: choice, parallel_tool_calls } = read({ tools: [TOOL], tool_choice }).chat;
    expect(tools).toEqual([{ type: 'function', function: { name: 'look', description: 'Looks.', parameters: { type: 'object' } } }]);
    expect({ tool_choice: choice, ...(parallel_tool_calls === undefined ? {} : { parallel_tool_calls }) }).toEqual(said);
  });

  test('what they carry beside is told', () => {
    const extras = { cache_control: { type: 'ephemeral' }, defer_loading: true, input_examples: [{}], strict: true };
    expect(read({ tools: [{ ...TOOL, ...extras }] }).warnings).toEqual([
      'tools-cache-control-ignored',
      'tools-defer-loading-ignored',
      'tools-input-examples-ignored',
      'tools-strict-ignored',
    ]);
  });
});

describe('conversations', () => {
  test('system texts keep their cache marks for who understands them', () => {
    const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } };
    const { chat, pivot } = read({
      system: [
        { type: 'text', text: 'a', ...mark },
        { type: 'text', text: 'b' },
      ],
    });
    expect(chat.messages[0]).toEqual({ role: 'system', content: 'a\n\nb' });
    expect(pivot.messages[0].content).toEqual([
      { type: 'text', text: 'a', ...mark },
      { type: 'text', text: 'b' },
    ]);
  });

  test('marks of what the user says and of results are for who understands them, too', () => {
    const mark = { cache_control: { type: 'ephemeral' } };
    const { chat, pivot } = read({
      messages: [
        USER,
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: {} }] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'a', content: 'seen', ...mark },
            { type: 'text', text: 'and', ...mark },
            { type: 'text', text: 'so' },
          ],
        },
      ],
    });
    expect(pivot.messages[2].content).toEqual([{ type: 'text', text: 'seen', ...mark }]);
    expect(pivot.messages[3].content[0]).toEqual({ type: 'text', text: 'and', ...mark });
    expect(chat.messages[2].content).toBe('seen');
    expect(chat.messages[3].content).toEqual([
      { type: 'text', text: 'and' },
      { type: 'text', text: 'so' },
    ]);
  });

  test('images and documents', () => {
    const { chat } = read({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'see' },
            { type: 'image', source: PNG },
            { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
            { type: 'document', title: 'T', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } },
            { type: 'document', title: 'N', source: { type: 'text', media_type: 'text/plain', data: 'plain' } },
            { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'inner' }] } },
          ],
        },
      ],
    });
    expect(chat.messages[0].content).toEqual([
      { type: 'text', text: 'see' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
      { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
      { type: 'file', file: { filename: 'T', file_data: 'data:application/pdf;base64,JVBERi0=' } },
      { type: 'text', text: 'N\n\nplain' },
      { type: 'text', text: 'inner' },
    ]);
  });

  test('parallel results come first, their images go to the user, an error flag is told', () => {
    const calls = ['a', 'b'].map((id) => ({ type: 'tool_use', id, name: 'look', input: { n: 1 } }));
    const results = [
      { type: 'tool_result', tool_use_id: 'b', is_error: true, content: 'no' },
      { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'image', source: PNG }] },
    ];
    const { chat, warnings } = read({
      messages: [USER, { role: 'assistant', content: calls }, { role: 'user', content: [...results, { type: 'text', text: 'well?' }] }],
    });
    expect(chat.messages.slice(2)).toEqual([
      { role: 'tool', tool_call_id: 'b', content: 'no' },
      { role: 'tool', tool_call_id: 'a', content: 'The result follows in the next message.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Of the result of a:' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          { type: 'text', text: 'well?' },
        ],
      },
    ]);
    expect(warnings).toEqual(['tool-result-error-flag-ignored', 'tool-result-media-moved']);
  });

  test('large numbers in a call keep their digits', () => {
    const body = `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"id":12345678901234567890}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}]}`;
    const { chat } = messagesIngress.read(Buffer.from(body));
    expect(JSON.parse(chat.toString()).messages[1].tool_calls[0].function.arguments).toBe('{"id":12345678901234567890}');
  });

  test('thoughts that only we could have written keep a body from its own provider', () => {
    const turn = (content: object[]) => ({ messages: [USER, { role: 'assistant', content }, USER] });
    const said = { type: 'text', text: 'x' };
    expect(read(turn([{ type: 'thinking', thinking: 'a', signature: 's' }, said])).request.mayGoNative).toBe(true);
    expect(read(turn([{ type: 'thinking', thinking: 'a', signature: '' }, said])).request.mayGoNative).toBe(false);
    const foreign = { type: 'tool_use', id: 'functions.look:0', name: 'look', input: {} };
    const answered = [
      USER,
      { role: 'assistant', content: [foreign] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: foreign.id }] },
    ];
    expect(read({ messages: answered }).request.mayGoNative).toBe(false);
    expect(read(turn([{ type: 'redacted_thinking', data: 'd' }, said])).warnings).toEqual(['thinking-before-no-call-left-out']);
  });
});

describe('refusals', () => {
  test('tell every mistake, in its place', () => {
    const refusal = refusalOf(messagesIngress, {
      model: 3,
      stream: 'yes',
      temperature: 1.5,
      stop_sequences: [1],
      system: [{ type: 'image', source: PNG }],
      tools: [{ type: 'bash_20250124', name: 'bash' }, { name: '' }],
      tool_choice: { type: 'tool', name: 'x' },
      thinking: { type: 'enabled' },
      container: 'c',
      messages: [
        { role: 'wizard', content: 'x' },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'nobody' }] },
        { role: 'assistant', content: [{ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }] },
        { role: 'user', content: 7 },
      ],
    });
    for (const place of [
      '`model`',
      '`max_tokens` is missing',
      '`stream`',
      '`temperature`',
      '`stop_sequences`',
      '`system`',
      '`tools[0]`',
      'bash_20250124',
      '`tools[1]`',
      '`tool_choice.name`',
      '`thinking.budget_tokens`',
      '`container`',
      '`messages[0]`',
      '`messages[1].content[0].tool_use_id`',
      '`messages[2].content[0]`',
      '`messages[3].content`',
    ])
      expect(refusal.message).toContain(place);
    expect(refusal.param).toBe('container');
  });

  test.each([
    ['{"model":"a","model":"b","max_tokens":1,"messages":[]}', 'Duplicate parameter'],
    ['{"model":"a","max_tokens":1,"messages":[]}', 'nothing is said'],
    ['[]', 'must be a JSON object'],
    ['{"model":"a","max_tokens":0,"messages":[{"role":"user","content":"a"}]}', '`max_tokens` is no number from 1'],
  ])('%s', (body, words) => {
    expect(() => messagesIngress.read(Buffer.from(body))).toThrow(words);
  });
});
