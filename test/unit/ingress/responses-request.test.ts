import { describe, expect, test } from 'vitest';
import { responsesIngress } from '../../../runtime/ingress/responses/responses.ts';
import { readThrough, refusalOf } from './read-through.ts';

const CALL = { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"a":1}' };
const TOOL = { type: 'function', name: 'look', parameters: { type: 'object' }, strict: true };

function read(body: object) {
  return readThrough(responsesIngress, { model: 'smart', input: 'hi', ...body });
}

describe('parameters', () => {
  test('are said in chat’s words', () => {
    const { chat, warnings } = read({
      instructions: 'Be brief.',
      stream: true,
      max_output_tokens: 50,
      temperature: 1.5,
      top_p: 0.5,
      parallel_tool_calls: false,
      tools: [TOOL],
      tool_choice: { type: 'function', name: 'look' },
      text: { verbosity: 'low', format: { type: 'json_schema', name: 'n', schema: {}, strict: false } },
      reasoning: { effort: 'minimal', summary: 'auto' },
      include: ['reasoning.encrypted_content'],
      user: 'u',
      safety_identifier: 's',
      prompt_cache_key: 'k',
      service_tier: 'flex',
      metadata: { a: 'b' },
      max_tool_calls: 3,
      store: false,
      truncation: 'disabled',
    });
    expect(chat).toEqual({
      model: 'smart',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'hi' },
      ],
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 50,
      tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' }, strict: true } }],
      tool_choice: { type: 'function', function: { name: 'look' } },
      parallel_tool_calls: false,
      verbosity: 'low',
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {}, strict: false } },
      reasoning_effort: 'minimal',
      temperature: 1.5,
      top_p: 0.5,
      user: 'u',
      safety_identifier: 's',
      prompt_cache_key: 'k',
      service_tier: 'flex',
    });
    expect(warnings).toEqual([]);
  });

  test.each([
    ['auto', 'auto'],
    ['none', 'none'],
    ['required', 'required'],
    [
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'look' }] },
      { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'look' } }] } },
    ],
  ])('tool choice %j', (tool_choice, said) => {
    expect(read({ tools: [TOOL], tool_choice }).chat.tool_choice).toEqual(said);
  });

  test('that chat has no word for are told', () => {
    const { warnings } = read({ store: true, truncation: 'auto', context_management: [{}], reasoning: { mode: 'pro' }, later: 1 });
    expect(warnings).toEqual([
      'store-ignored',
      'truncation-ignored',
      'context-management-ignored',
      'later-ignored',
      'reasoning-mode-ignored',
    ]);
  });
});

describe('input', () => {
  test('items become messages: calls join what was said before them, results follow', () => {
    const { chat } = read({
      input: [
        { role: 'developer', content: 'd' },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'a' },
            { type: 'input_image', image_url: 'https://x.test/a.png', detail: 'low' },
          ],
        },
        {
          type: 'message',
          role: 'assistant',
          id: 'msg_1',
          status: 'completed',
          content: [{ type: 'output_text', text: 'well', annotations: [] }],
        },
        CALL,
        { ...CALL, call_id: 'c2' },
        { type: 'function_call_output', call_id: 'c2', output: 'two' },
        { type: 'function_call_output', call_id: 'c1', output: [{ type: 'input_text', text: 'one' }] },
        { role: 'user', content: [{ type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' }] },
      ],
    });
    const called = { type: 'function', function: { name: 'look', arguments: '{"a":1}' } };
    expect(chat.messages).toEqual([
      { role: 'system', content: 'd' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } },
        ],
      },
      {
        role: 'assistant',
        content: 'well',
        tool_calls: [
          { id: 'c1', ...called },
          { id: 'c2', ...called },
        ],
      },
      { role: 'tool', tool_call_id: 'c2', content: 'two' },
      { role: 'tool', tool_call_id: 'c1', content: 'one' },
      { role: 'user', content: [{ type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } }] },
    ]);
  });

  test('images of a result go to the user, behind all results', () => {
    const image = [{ type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=' }];
    const { chat, warnings } = read({
      input: [
        { role: 'user', content: 'a' },
        CALL,
        { ...CALL, call_id: 'c2' },
        { type: 'function_call_output', call_id: 'c1', output: image },
        { type: 'function_call_output', call_id: 'c2', output: 'two' },
      ],
    });
    expect(chat.messages.map((message: { role: string }) => message.role)).toEqual(['user', 'assistant', 'tool', 'tool', 'user']);
    expect(chat.messages[4].content[0].text).toBe('Of the result of c1:');
    expect(warnings).toEqual(['tool-result-media-moved']);
  });

  test('items that we made, and thoughts of others', () => {
    const reasoning = { type: 'reasoning', summary: [] };
    const message = { type: 'message', role: 'assistant', content: 'x' };
    expect(read({ input: [message] }).request.mayGoNative).toBe(true);
    expect(read({ input: [{ ...message, id: 'msg_policyd_a_0' }] }).request.mayGoNative).toBe(false);
    const foreign = read({
      input: [
        { role: 'user', content: 'a' },
        { ...reasoning, id: 'rs_1', encrypted_content: 'gAAAA' },
      ],
    });
    expect(foreign.request.mayGoNative).toBe(true);
    expect(foreign.warnings).toEqual(['reasoning-item-left-out']);
  });
});

describe('refusals', () => {
  test('tell every mistake, in its place', () => {
    const refusal = refusalOf(responsesIngress, {
      stream: 1,
      conversation: 'c',
      prompt: { id: 'p' },
      include: ['message.output_text.logprobs'],
      text: { format: { type: 'xml' } },
      reasoning: { effort: 'huge' },
      tools: [{ type: 'mcp', server_label: 'x' }],
      tool_choice: { type: 'mcp' },
      metadata: { a: 1 },
      input: [
        { type: 'function_call_output', call_id: 'c', output: '' },
        { role: 'user', content: [{ type: 'input_image', file_id: 'f' }] },
        { role: 'user', content: [{ type: 'input_file', file_url: 'https://x.test/a.pdf' }] },
        { type: 'computer_call' },
        { type: 'function_call', name: 'x' },
      ],
    });
    for (const place of [
      '`model`',
      '`stream`',
      '`conversation`',
      '`prompt`',
      '`include`',
      '`text.format`',
      '`reasoning.effort`',
      '`tools[0]`',
      '`tool_choice`',
      '`metadata`',
      '`input[0].call_id`',
      '`input[1].content[0]`',
      '`input[2].content[0]`',
      '`input[3]`',
      '`input[4]`',
    ])
      expect(refusal.message).toContain(place);
  });
});
