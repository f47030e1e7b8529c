import { describe, expect, test } from 'vitest';
import { anthropicTranslator } from '../../../runtime/backends/anthropic/translator.ts';
import { BadRequest } from '../../../runtime/intent/bad-request.ts';
import { targetOf, writeTo } from './anthropic-target.ts';

const OLD = 'claude-3-5-sonnet-20241022';
const BUDGET = 'claude-sonnet-4-5-20250929';
const ADAPTIVE = 'claude-opus-4-6';
const NEW = 'claude-opus-5';

const CALL = { id: 'toolu_1', type: 'function', function: { name: 'look', arguments: '{"at":"x"}' } };
const TOOL = { type: 'function', function: { name: 'look', description: 'looks', parameters: { type: 'object', properties: {} } } };

function messages(list: object[], model = BUDGET): ReturnType<typeof writeTo> {
  return writeTo(model, { messages: list });
}

function refusalOf(body: Record<string, unknown>, model = BUDGET): BadRequest {
  try {
    writeTo(model, body);
  } catch (error) {
    if (error instanceof BadRequest) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('call', () => {
  test('path and version', () => {
    const call = anthropicTranslator.write({ model: 'm', messages: [{ role: 'user', content: 'x' }] }, targetOf(BUDGET), null);
    expect(call.path).toBe('/v1/messages');
    expect(call.headers).toEqual(['anthropic-version', '2023-06-01']);
    expect(JSON.parse(call.body.toString())).toEqual({
      model: BUDGET,
      max_tokens: 64_000,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
    });
    expect(call.warnings).toEqual([]);
  });

  test('stream is said, and only where it was asked for', () => {
    expect(writeTo(BUDGET, { stream: true }).body.stream).toBe(true);
    expect('stream' in writeTo(BUDGET, { stream: false }).body).toBe(false);
  });
});

describe('system', () => {
  test('all system and developer messages, wherever they stand, go into one system', () => {
    const { body, warnings } = messages([
      { role: 'system', content: 'one' },
      { role: 'user', content: 'a' },
      { role: 'developer', content: [{ type: 'text', text: 'two' }] },
      { role: 'user', content: 'b' },
    ]);
    expect(body.system).toBe('one\n\ntwo');
    expect(body.messages).toHaveLength(1);
    expect(body.messages[0].content).toHaveLength(2);
    expect(warnings).toEqual(['system-message-moved']);
  });

  test('a mark of the cache survives', () => {
    const { body } = messages([
      { role: 'system', content: [{ type: 'text', text: 'long', prompt_cache_breakpoint: { mode: 'explicit' } }] },
      { role: 'user', content: [{ type: 'text', text: 'x', prompt_cache_breakpoint: { mode: 'explicit', ttl: '30m' } }] },
    ]);
    expect(body.system).toEqual([{ type: 'text', text: 'long', cache_control: { type: 'ephemeral' } }]);
    expect(body.messages[0].content[0]).toEqual({ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } });
  });
});

describe('max_tokens', () => {
  test('the cap that stands, else max_completion_tokens, else max_tokens, else the most that the model gives', () => {
    expect(writeTo(BUDGET, { max_tokens: 5, max_completion_tokens: 7 }, 3).body.max_tokens).toBe(3);
    expect(writeTo(BUDGET, { max_tokens: 5, max_completion_tokens: 7 }).body.max_tokens).toBe(7);
    expect(writeTo(BUDGET, { max_tokens: 5 }).body.max_tokens).toBe(5);
    expect(writeTo('claude-opus-4-1', {}).body.max_tokens).toBe(32_000);
  });
});

describe('roles', () => {
  test('neighbours are merged, blank texts dropped', () => {
    const { body } = messages([
      { role: 'user', content: 'a' },
      {
        role: 'user',
        content: [
          { type: 'text', text: ' \n' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'assistant', content: '' },
      { role: 'user', content: 'c' },
    ]);
    expect(body.messages).toEqual([{ role: 'user', content: ['a', 'b', 'c'].map((text) => ({ type: 'text', text })) }]);
  });

  test('the first turn is the user’s, and it is told where one had to be added', () => {
    const { body, warnings } = messages([
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'a' },
    ]);
    expect(body.messages.map((turn) => turn.role)).toEqual(['user', 'assistant', 'user']);
    expect(warnings).toEqual(['user-turn-added']);
    expect(messages([{ role: 'system', content: 'x' }]).body.messages).toHaveLength(1);
  });

  test('an assistant at the end is continued where the model can, else answered', () => {
    const list = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'It is \n' },
    ];
    const old = messages(list, OLD);
    expect(old.body.messages.at(-1)).toEqual({ role: 'assistant', content: [{ type: 'text', text: 'It is' }] });
    expect(old.warnings).toEqual(['assistant-turn-continued']);
    const latest = messages(list, NEW);
    expect(latest.body.messages.at(-1)!.role).toBe('user');
    expect(latest.warnings).toEqual(['user-turn-added']);
  });

  test('a name is told to be left out, an unknown role refused', () => {
    expect(messages([{ role: 'user', name: 'ann', content: 'x' }]).warnings).toEqual(['message-name-ignored']);
    expect(refusalOf({ messages: [{ role: 'function', name: 'f', content: 'x' }] })).toMatchObject({
      param: 'messages',
      message: expect.stringContaining('`messages[0]`'),
    });
  });

  test('an assistant’s refusal is its word', () => {
    const { body } = messages([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: null, refusal: 'No.' },
      { role: 'user', content: 'b' },
    ]);
    expect(body.messages[1].content).toEqual([{ type: 'text', text: 'No.' }]);
  });
});

describe('tool results', () => {
  const two = {
    role: 'assistant',
    content: 'looking',
    tool_calls: [CALL, { ...CALL, id: 'toolu_2' }],
  };

  test('all results of parallel calls in one user message, before its text', () => {
    const { body } = messages([
      { role: 'user', content: 'a' },
      two,
      { role: 'tool', tool_call_id: 'toolu_1', content: 'one' },
      { role: 'user', content: 'and?' },
      { role: 'tool', tool_call_id: 'toolu_2', content: [{ type: 'text', text: 'two' }] },
    ]);
    expect(body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'a' }] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'looking' },
          { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'x' } },
          { type: 'tool_use', id: 'toolu_2', name: 'look', input: { at: 'x' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: 'one' },
          { type: 'tool_result', tool_use_id: 'toolu_2', content: 'two' },
          { type: 'text', text: 'and?' },
        ],
      },
    ]);
  });

  test('the same in every later turn', () => {
    const turn = (ids: readonly string[]) => [
      { role: 'assistant', tool_calls: ids.map((id) => ({ ...CALL, id })) },
      { role: 'tool', tool_call_id: ids[0], content: 'one' },
      { role: 'user', content: 'and?' },
      { role: 'tool', tool_call_id: ids[1], content: 'two' },
    ];
    const { body } = messages([{ role: 'user', content: 'a' }, ...turn(['a1', 'a2']), ...turn(['b1', 'b2'])]);
    for (const at of [2, 4]) expect(body.messages[at].content.map((block) => block.type)).toEqual(['tool_result', 'tool_result', 'text']);
  });

  test('a result may be empty, or hold an image', () => {
    const { body } = messages([
      { role: 'user', content: 'a' },
      two,
      { role: 'tool', tool_call_id: 'toolu_1', content: '' },
      { role: 'tool', tool_call_id: 'toolu_2', content: [{ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }] },
    ]);
    expect(body.messages[2].content).toEqual([
      { type: 'tool_result', tool_use_id: 'toolu_1' },
      { type: 'tool_result', tool_use_id: 'toolu_2', content: [{ type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } }] },
    ]);
  });

  test('a call without a result, a result without a call and a second result are refused', () => {
    expect(
      refusalOf({ messages: [{ role: 'user', content: 'a' }, two, { role: 'tool', tool_call_id: 'toolu_1', content: 'x' }] }).message,
    ).toContain('no result of the calls `toolu_2`');
    expect(refusalOf({ messages: [{ role: 'tool', tool_call_id: 'zzz', content: 'x' }] }).message).toContain('answers no call');
    const answered = ['toolu_1', 'toolu_2', 'toolu_2'].map((id) => ({ role: 'tool', tool_call_id: id, content: 'x' }));
    expect(refusalOf({ messages: [{ role: 'user', content: 'a' }, two, ...answered] }).message).toContain('`messages[4]`');
  });

  test('ids of other providers become ids that are taken, and stay paired where turns repeat them', () => {
    const turn = (id: string) => [
      { role: 'assistant', tool_calls: [{ ...CALL, id }] },
      { role: 'tool', tool_call_id: id, content: id },
    ];
    const { body } = messages([{ role: 'user', content: 'a' }, ...turn('call_0'), ...turn('call_0'), ...turn('functions.look:0')]);
    const used = body.messages.flatMap((m) => m.content).flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
    const answered = body.messages.flatMap((m) => m.content).flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : []));
    expect(new Set(used).size).toBe(3);
    expect(answered).toEqual(used);
    expect(used.every((id) => /^[a-zA-Z0-9_-]{1,64}$/.test(id))).toBe(true);
    expect(used[0]).toBe('call_0');
  });
});

describe('history arguments', () => {
  test.each([
    ['', {}],
    ['null', {}],
    ['{"a":[1]}', { a: [1] }],
    ['{"a":', { arguments: '{"a":' }],
    ['[1]', { arguments: [1] }],
    ['7', { arguments: 7 }],
  ])('%s', (text, input) => {
    const { body, warnings } = messages([
      { role: 'user', content: 'a' },
      { role: 'assistant', tool_calls: [{ ...CALL, function: { name: 'look', arguments: text } }] },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'x' },
    ]);
    expect(body.messages[1].content[0]).toMatchObject({ type: 'tool_use', input });
    expect(warnings).toEqual('arguments' in input ? ['tool-arguments-wrapped'] : []);
  });

  test('a number of many digits keeps them', () => {
    const call = anthropicTranslator.write(
      {
        model: 'm',
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', tool_calls: [{ ...CALL, function: { name: 'look', arguments: '{"id":12345678901234567890}' } }] },
          { role: 'tool', tool_call_id: 'toolu_1', content: 'x' },
        ],
      },
      targetOf(BUDGET),
      null,
    );
    expect(call.body.toString()).toContain('"input":{"id":12345678901234567890}');
  });
});

describe('tool_choice', () => {
  test.each([
    ['auto', { type: 'auto' }],
    ['required', { type: 'any' }],
    ['none', { type: 'none' }],
    [
      { type: 'function', function: { name: 'look' } },
      { type: 'tool', name: 'look' },
    ],
  ])('%j', (asked, choice) => {
    expect(writeTo(BUDGET, { tools: [TOOL], tool_choice: asked }).body.tool_choice).toEqual(choice);
  });

  test('parallel_tool_calls=false, with a choice or without', () => {
    expect(writeTo(BUDGET, { tools: [TOOL], parallel_tool_calls: false }).body.tool_choice).toEqual({
      type: 'auto',
      disable_parallel_tool_use: true,
    });
    expect(writeTo(BUDGET, { tools: [TOOL], tool_choice: 'required', parallel_tool_calls: false }).body.tool_choice).toEqual({
      type: 'any',
      disable_parallel_tool_use: true,
    });
    expect(writeTo(BUDGET, { tools: [TOOL], tool_choice: 'none', parallel_tool_calls: false }).body.tool_choice).toEqual({ type: 'none' });
    expect('tool_choice' in writeTo(BUDGET, { tools: [TOOL], parallel_tool_calls: true }).body).toBe(false);
  });

  test('allowed tools are the only ones sent', () => {
    const other = { type: 'function', function: { name: 'other' } };
    const allowed = { mode: 'required', tools: [{ type: 'function', function: { name: 'other' } }] };
    const { body } = writeTo(BUDGET, { tools: [TOOL, other], tool_choice: { type: 'allowed_tools', allowed_tools: allowed } });
    expect(body.tools).toEqual([{ name: 'other', input_schema: { type: 'object' } }]);
    expect(body.tool_choice).toEqual({ type: 'any' });
  });

  test('a model that takes no forced call is told auto, and the caller so', () => {
    const { body, warnings } = writeTo('claude-opus-5-5', { tools: [TOOL], tool_choice: 'required' });
    expect(body.tool_choice).toEqual({ type: 'auto' });
    expect(warnings).toEqual(['tool-choice-not-forced']);
  });

  test('a choice without tools, or of none of them, is refused', () => {
    expect(refusalOf({ tool_choice: 'required' }).param).toBe('tool_choice');
    expect(refusalOf({ tools: [TOOL], tool_choice: { type: 'function', function: { name: 'x' } } }).param).toBe('tool_choice');
  });

  test('tools that were called before and are declared no more stay declared, and are not called', () => {
    const { body } = messages([
      { role: 'user', content: 'a' },
      { role: 'assistant', tool_calls: [CALL] },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'x' },
    ]);
    expect(body.tools).toEqual([{ name: 'look', input_schema: { type: 'object' } }]);
    expect(body.tool_choice).toEqual({ type: 'none' });
  });
});

describe('tool schemas', () => {
  test('go whole, and say that they are objects', () => {
    const parameters = {
      properties: { a: { $ref: '#/$defs/A' } },
      $defs: { A: { type: 'string', minLength: 3 } },
      additionalProperties: false,
    };
    const { body } = writeTo(BUDGET, { tools: [{ type: 'function', function: { name: 'f', parameters } }] });
    expect(body.tools![0].input_schema).toEqual({ type: 'object', ...parameters });
    expect(writeTo(BUDGET, { tools: [{ type: 'function', function: { name: 'f' } }] }).body.tools![0].input_schema).toEqual({
      type: 'object',
    });
  });

  test('a strict one is enforced where all of it can be', () => {
    const strict = (parameters: object, model: string) =>
      writeTo(model, { tools: [{ type: 'function', function: { name: 'f', strict: true, parameters } }] });
    const closed = { type: 'object', properties: { a: { type: ['string', 'null'] } }, required: ['a'], additionalProperties: false };
    expect(strict(closed, BUDGET).body.tools![0]).toEqual({
      name: 'f',
      strict: true,
      input_schema: { ...closed, properties: { a: { anyOf: [{ type: 'string' }, { type: 'null' }] } } },
    });
    expect(strict(closed, OLD)).toMatchObject({ warnings: ['tools-strict-ignored'], body: { tools: [{ input_schema: closed }] } });
    const long = { ...closed, properties: { a: { type: 'string', minLength: 3 } } };
    expect(strict(long, BUDGET)).toMatchObject({ warnings: ['tools-strict-ignored'], body: { tools: [{ input_schema: long }] } });
  });

  test('what is no function is refused, and so is the reserved name', () => {
    expect(refusalOf({ tools: [{ type: 'custom', custom: { name: 'c' } }] }).param).toBe('tools');
    expect(refusalOf({ tools: [{ type: 'function', function: { name: 'json_tool_call' } }] }).message).toContain('rename');
  });
});

describe('response_format', () => {
  const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'], additionalProperties: false };
  const format = { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } };

  test('json_schema is enforced by the API', () => {
    const { body, warnings } = writeTo(BUDGET, { response_format: format });
    expect(body.output_config).toEqual({ format: { type: 'json_schema', schema } });
    expect(warnings).toEqual([]);
  });

  test('what can’t be enforced goes into descriptions, and is told', () => {
    const loose = {
      type: 'object',
      properties: {
        a: { type: 'integer', minimum: 3, description: 'n' },
        b: { oneOf: [{ type: 'string', format: 'date' }, { type: 'null' }] },
      },
    };
    const { body, warnings } = writeTo(BUDGET, {
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: loose, description: 'd' } },
    });
    expect((body.output_config!.format as { schema: object }).schema).toEqual({
      type: 'object',
      description: 'd',
      properties: {
        a: { type: 'integer', description: 'n (minimum: 3)' },
        b: { anyOf: [{ type: 'string', format: 'date' }, { type: 'null' }] },
      },
      additionalProperties: false,
    });
    expect(warnings).toEqual(['response-format-schema-loosened=minimum', 'response-format-schema-closed']);
  });

  test('an older model is made to call a tool, beside the caller’s own', () => {
    const alone = writeTo(OLD, { response_format: format }).body;
    expect(alone.tools).toMatchObject([{ name: 'json_tool_call', input_schema: schema }]);
    expect(alone.tool_choice).toEqual({ type: 'tool', name: 'json_tool_call' });
    const beside = writeTo(OLD, { response_format: format, tools: [TOOL] }).body;
    expect(beside.tools!.map((tool) => tool.name)).toEqual(['look', 'json_tool_call']);
    expect(beside.tool_choice).toEqual({ type: 'any' });
    expect(writeTo(OLD, { response_format: format, tools: [TOOL], tool_choice: 'none' }).body.tool_choice).toEqual({
      type: 'tool',
      name: 'json_tool_call',
    });
  });

  test('json_object is an instruction, and told; unknown ones are refused; text is nothing', () => {
    const { body, warnings } = writeTo(BUDGET, { response_format: { type: 'json_object' } });
    expect(body.system).toContain('JSON object');
    expect(warnings).toEqual(['json-object-by-instruction']);
    expect(refusalOf({ response_format: { type: 'grammar' } }).param).toBe('response_format');
    expect(refusalOf({ response_format: { type: 'json_schema', json_schema: { name: 'x' } } }).param).toBe('response_format');
    expect(writeTo(BUDGET, { response_format: { type: 'text' } }).warnings).toEqual([]);
  });

  test('a schema without end is refused', () => {
    let deep: object = { type: 'string' };
    for (let i = 0; i < 5000; i++) deep = { type: 'object', properties: { a: deep } };
    expect(refusalOf({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema: deep } } }).message).toContain(
      'nests too deeply',
    );
  });
});

describe('images and files', () => {
  const part = (content: object) => messages([{ role: 'user', content: [content] }]).body.messages[0].content[0];

  test('a data URL, an address, a PDF, a text', () => {
    expect(part({ type: 'image_url', image_url: { url: 'data:image/jpg;base64,QUJD' } })).toEqual({
      type: 'image',
      source: { type: 'base64', media_type: 'image/jpeg', data: 'QUJD' },
    });
    expect(part({ type: 'image_url', image_url: { url: 'https://x.test/a' } })).toEqual({
      type: 'image',
      source: { type: 'url', url: 'https://x.test/a' },
    });
    expect(part({ type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,QUJD' } })).toEqual({
      type: 'document',
      title: 'a.pdf',
      source: { type: 'base64', media_type: 'application/pdf', data: 'QUJD' },
    });
    expect(part({ type: 'file', file: { file_data: 'data:text/plain;charset=utf-8;base64,w7w=' } })).toEqual({
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: 'ü' },
    });
    expect(part({ type: 'image_url', image_url: { url: 'data:image/png,%89PNG' } })).toMatchObject({
      source: { data: Buffer.from([0x89, 0x50, 0x4e, 0x47]).toString('base64') },
    });
  });

  test('what can’t be read is refused, all of it at once', () => {
    const content = [
      { type: 'image_url', image_url: { url: 'data:image/svg+xml;base64,QUJD' } },
      { type: 'image_url', image_url: { url: 'ftp://x' } },
      { type: 'file', file: { file_id: 'file-1' } },
      { type: 'input_audio', input_audio: { data: 'QUJD', format: 'wav' } },
    ];
    const refusal = refusalOf({ messages: [{ role: 'user', content }] });
    expect(refusal.param).toBe('messages');
    for (const at of [0, 1, 2, 3]) expect(refusal.message).toContain(`messages[0].content[${at}]`);
  });

  test('a wish for detail is told to be ignored', () => {
    const { warnings } = messages([
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x.test/a', detail: 'high' } }] },
    ]);
    expect(warnings).toEqual(['image-detail-ignored']);
  });
});

describe('stop', () => {
  test('a string or a list; blanks are dropped and told', () => {
    expect(writeTo(BUDGET, { stop: 'END' }).body.stop_sequences).toEqual(['END']);
    expect(writeTo(BUDGET, { stop: ['\n', 'END'] })).toMatchObject({ body: { stop_sequences: ['END'] }, warnings: ['stop-ignored=blank'] });
    expect('stop_sequences' in writeTo(BUDGET, { stop: '\n\n' }).body).toBe(false);
    expect(refusalOf({ stop: [1] }).param).toBe('stop');
  });
});

describe('temperature and top_p', () => {
  test('clamped to 1, and told', () => {
    expect(writeTo(BUDGET, { temperature: 1.5 })).toMatchObject({ body: { temperature: 1 }, warnings: ['temperature-clamped=1'] });
    expect(writeTo(BUDGET, { temperature: 0.3 })).toMatchObject({ body: { temperature: 0.3 }, warnings: [] });
    expect(refusalOf({ temperature: 3 }).param).toBe('temperature');
  });

  test('the newest models take none', () => {
    const { body, warnings } = writeTo(NEW, { temperature: 0.3, top_p: 0.5, top_k: 4 });
    expect(body).not.toHaveProperty('temperature');
    expect(body).not.toHaveProperty('top_p');
    expect(body).not.toHaveProperty('top_k');
    expect(warnings).toEqual(['temperature-ignored', 'top-p-ignored', 'top-k-ignored']);
    expect(writeTo(NEW, { temperature: 1, top_p: 1 }).warnings).toEqual([]);
  });

  test('both at once only where the model takes both', () => {
    expect(writeTo(BUDGET, { temperature: 0.3, top_p: 0.5 })).toMatchObject({ body: { temperature: 0.3 }, warnings: ['top-p-ignored'] });
    expect(writeTo(OLD, { temperature: 0.3, top_p: 0.5, top_k: 4 }).body).toMatchObject({ temperature: 0.3, top_p: 0.5, top_k: 4 });
  });
});

describe('reasoning_effort', () => {
  test.each([
    ['minimal', 1024],
    ['low', 1024],
    ['medium', 2048],
    ['high', 4096],
    ['xhigh', 8192],
    ['max', 16_384],
  ])('%s is a budget of %i tokens', (effort, budget) => {
    expect(writeTo(BUDGET, { reasoning_effort: effort }).body.thinking).toEqual({ type: 'enabled', budget_tokens: budget });
  });

  test.each([
    ['minimal', 'low'],
    ['low', 'low'],
    ['medium', 'medium'],
    ['high', 'high'],
    ['xhigh', 'xhigh'],
    ['max', 'max'],
  ])('%s is the effort %s', (asked, effort) => {
    const { body } = writeTo(NEW, { reasoning_effort: asked });
    expect(body.thinking).toEqual({ type: 'adaptive' });
    expect(body.output_config).toEqual({ effort });
  });

  test('a budget stays below the cap, or is not given', () => {
    expect(writeTo(BUDGET, { reasoning_effort: 'high', max_tokens: 2000 })).toMatchObject({
      body: { thinking: { budget_tokens: 1999 } },
      warnings: ['reasoning-budget-lowered=1999'],
    });
    const small = writeTo(BUDGET, { reasoning_effort: 'high', max_tokens: 1024 });
    expect(small.body).not.toHaveProperty('thinking');
    expect(small.warnings).toEqual(['reasoning-effort-ignored']);
  });

  test('none: not asked for, told so, or not possible', () => {
    expect(writeTo(BUDGET, { reasoning_effort: 'none' }).body).not.toHaveProperty('thinking');
    expect(writeTo(NEW, { reasoning_effort: 'none' }).body.thinking).toEqual({ type: 'disabled' });
    expect(writeTo('claude-fable-5', { reasoning_effort: 'none' }).warnings).toEqual(['reasoning-effort-none-ignored']);
  });

  test('unknown values are refused, models that can’t think are told of, xhigh is lowered where it is not known', () => {
    expect(refusalOf({ reasoning_effort: 'huge' }).param).toBe('reasoning_effort');
    expect(writeTo(OLD, { reasoning_effort: 'high' }).warnings).toEqual(['reasoning-effort-ignored']);
    expect(writeTo(ADAPTIVE, { reasoning_effort: 'xhigh' })).toMatchObject({
      body: { output_config: { effort: 'high' } },
      warnings: ['reasoning-effort-lowered=high'],
    });
  });

  test('beside it no temperature, and no forced call', () => {
    expect(writeTo(BUDGET, { reasoning_effort: 'low', temperature: 0.2, top_p: 0.97 })).toMatchObject({
      body: { top_p: 0.97, thinking: { type: 'enabled' } },
      warnings: ['temperature-ignored'],
    });
    const forced = writeTo(BUDGET, { reasoning_effort: 'low', tools: [TOOL], tool_choice: 'required' });
    expect(forced.body).not.toHaveProperty('thinking');
    expect(forced.warnings).toEqual(['thinking-off=tool-choice']);
  });

  test('Anthropic’s own `thinking` goes as it is', () => {
    const thinking = { type: 'enabled', budget_tokens: 5000 };
    expect(writeTo(BUDGET, { thinking, reasoning_effort: 'low' }).body.thinking).toEqual(thinking);
  });
});

describe('who asks, and how fast', () => {
  test('user and safety_identifier, unless they name a person', () => {
    expect(writeTo(BUDGET, { user: 'u-1' }).body.metadata).toEqual({ user_id: 'u-1' });
    expect(writeTo(BUDGET, { user: 'u-1', safety_identifier: 's-1' }).body.metadata).toEqual({ user_id: 's-1' });
    expect(writeTo(BUDGET, { user: 'ann@x.test' })).toMatchObject({ warnings: ['user-ignored'] });
    expect(writeTo(BUDGET, { safety_identifier: '+49 30 1234567' })).toMatchObject({ warnings: ['safety-identifier-ignored'] });
  });

  test('service_tier', () => {
    expect(writeTo(BUDGET, { service_tier: 'default' }).body.service_tier).toBe('standard_only');
    expect(writeTo(BUDGET, { service_tier: 'priority' }).body.service_tier).toBe('auto');
    expect(writeTo(BUDGET, { service_tier: 'flex' }).warnings).toEqual(['service-tier-ignored']);
  });
});
