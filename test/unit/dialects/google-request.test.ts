import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PARAMETERS } from '../../../runtime/backends/google/parameters.ts';
import { refusalOf, write } from './google-wire.ts';

const TOOL = {
  type: 'function',
  function: { name: 'weather', description: 'now', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

function callOf(id: string, args: unknown = '{}', name = 'weather'): object {
  return { id, type: 'function', function: { name, arguments: args } };
}

describe('where it goes', () => {
  test('plain and streamed methods, never a key in the address', () => {
    expect(write({}).path).toBe('/v1beta/models/gemini-2.5-flash:generateContent');
    expect(write({ stream: true }).path).toBe('/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse');
  });

  test('a name may tell its collection and holds no path of its own', () => {
    expect(write({}, 'tunedModels/mine').path).toBe('/v1beta/tunedModels/mine:generateContent');
    expect(write({}, 'models/gemini-3-pro').path).toBe('/v1beta/models/gemini-3-pro:generateContent');
    expect(write({}, 'x/../y?z').path).toBe('/v1beta/models/x%2F..%2Fy%3Fz:generateContent');
  });
});

describe('roles', () => {
  test('assistant is model, neighbours of one role are one turn', () => {
    const { request } = write({
      messages: [
        { role: 'user', content: 'a' },
        { role: 'user', content: [{ type: 'text', text: 'b' }] },
        { role: 'assistant', content: 'c' },
        { role: 'assistant', content: 'd' },
        { role: 'user', content: 'e' },
      ],
    });
    expect(request.contents).toEqual([
      { role: 'user', parts: [{ text: 'a' }, { text: 'b' }] },
      { role: 'model', parts: [{ text: 'c' }, { text: 'd' }] },
      { role: 'user', parts: [{ text: 'e' }] },
    ]);
  });

  test('contents are never empty, and begin with the user', () => {
    const filler = { role: 'user', parts: [{ text: ' ' }] };
    expect(write({ messages: [{ role: 'system', content: 's' }] }).request.contents).toEqual([filler]);
    expect(write({ messages: [{ role: 'user', content: '' }] }).request.contents).toEqual([filler]);
    expect(write({ messages: [{ role: 'assistant', content: 'a' }] }).request.contents).toEqual([
      filler,
      { role: 'model', parts: [{ text: 'a' }] },
    ]);
  });

  test('empty texts and messages are dropped and do not part neighbours', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: null },
      {
        role: 'user',
        content: [
          { type: 'text', text: '' },
          { type: 'text', text: 'b' },
        ],
      },
    ];
    expect(write({ messages }).request.contents).toEqual([{ role: 'user', parts: [{ text: 'a' }, { text: 'b' }] }]);
  });

  test('a refusal that was said is text', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: null, refusal: 'no' },
      { role: 'user', content: 'b' },
    ];
    expect(write({ messages }).request.contents[1]).toEqual({ role: 'model', parts: [{ text: 'no' }] });
  });

  test('an unknown role, a bad message and a name are told', () => {
    expect(refusalOf({ messages: [{ role: 'function', content: 'x' }, 7] }).message).toMatch(
      /`messages\[0\]` has a role.*`messages\[1\]` must be an object/,
    );
    expect(write({ messages: [{ role: 'user', name: 'bob', content: 'x' }] }).warnings).toEqual(['message-name-ignored']);
  });
});

test('system: all system and developer messages, wherever they stand, are the instruction', () => {
  const { request } = write({
    messages: [
      { role: 'system', content: 'one' },
      { role: 'user', content: 'a' },
      { role: 'developer', content: [{ type: 'text', text: 'two' }] },
      { role: 'user', content: 'b' },
    ],
  });
  expect(request.systemInstruction).toEqual({ parts: [{ text: 'one' }, { text: 'two' }] });
  expect(request.contents).toEqual([{ role: 'user', parts: [{ text: 'a' }, { text: 'b' }] }]);
});

describe('calls and results', () => {
  test('parallel results: one user turn of their own, right after the calls, in their order, named by id', () => {
    const { request } = write({
      messages: [
        { role: 'user', content: 'q' },
        { role: 'assistant', content: 'looking', tool_calls: [callOf('a', '{"city":"Rome"}'), callOf('b', '{}', 'time')] },
        { role: 'tool', tool_call_id: 'b', content: 'noon' },
        { role: 'tool', tool_call_id: 'a', content: '{"c":20}' },
        { role: 'user', content: 'go on' },
      ],
    });
    expect(request.contents.slice(1)).toEqual([
      {
        role: 'model',
        parts: [
          { text: 'looking' },
          { functionCall: { id: 'a', name: 'weather', args: { city: 'Rome' } } },
          { functionCall: { id: 'b', name: 'time', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'a', name: 'weather', response: { c: 20 } } },
          { functionResponse: { id: 'b', name: 'time', response: { output: 'noon' } } },
        ],
      },
      { role: 'user', parts: [{ text: 'go on' }] },
    ]);
  });

  test('ids that repeat, within a turn and between turns, answer in order', () => {
    const { request } = write({
      messages: [
        { role: 'assistant', tool_calls: [callOf('x', '{"n":1}'), callOf('x', '{"n":2}', 'time')] },
        { role: 'tool', tool_call_id: 'x', content: 'first' },
        { role: 'tool', tool_call_id: 'x', content: 'second' },
        { role: 'assistant', tool_calls: [callOf('x', '{"n":3}', 'third')] },
        { role: 'tool', tool_call_id: 'x', content: 'third' },
      ],
    });
    const responses = request.contents.flatMap(({ parts }) => parts.flatMap((part) => part.functionResponse ?? []));
    expect(responses.map(({ name, response }) => [name, response])).toEqual([
      ['weather', { output: 'first' }],
      ['time', { output: 'second' }],
      ['third', { output: 'third' }],
    ]);
  });

  test.each([
    ['{"a":[1]}', { a: [1] }],
    [' {"a":1} ', { a: 1 }],
    ['[1,2]', { output: '[1,2]' }],
    ['', { output: '' }],
    ['{broken', { output: '{broken' }],
    ['{"id":12345678901234567890}', { output: '{"id":12345678901234567890}' }],
    [
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
      { output: 'ab' },
    ],
  ])('response is an object, else output: %j', (content, response) => {
    const { request } = write({
      messages: [
        { role: 'assistant', tool_calls: [callOf('a')] },
        { role: 'tool', tool_call_id: 'a', content },
      ],
    });
    expect(request.contents[2].parts[0].functionResponse?.response).toEqual(response);
  });

  test.each([
    ['{"a":1}', { a: 1 }],
    ['', {}],
    [undefined, {}],
    ['[1]', { input: [1] }],
    ['7', { input: 7 }],
    ['{"a": unquoted}', { input: '{"a": unquoted}' }],
    [{ a: 1 }, { a: 1 }],
  ])('history arguments that are no JSON object are kept: %j', (args, expected) => {
    const { request } = write({
      messages: [
        { role: 'assistant', tool_calls: [callOf('a', args)] },
        { role: 'tool', tool_call_id: 'a', content: '' },
      ],
    });
    expect(request.contents[1].parts[0].functionCall?.args).toEqual(expected);
  });

  test('a call without result, and results without call, are refused together', () => {
    const { message, param } = refusalOf({
      messages: [
        { role: 'tool', tool_call_id: 'z', content: '' },
        { role: 'assistant', tool_calls: [callOf('a'), callOf('b')] },
        { role: 'tool', tool_call_id: 'c', content: '' },
        { role: 'tool', tool_call_id: 'a', content: [{ type: 'image_url', image_url: { url: 'https://x/y.png' } }] },
      ],
    });
    expect(param).toBe('messages');
    expect(message).toContain('`messages[0]` is a tool result without a call right before it');
    expect(message).toContain('`messages[2]` answers no open call of `messages[1]`');
    expect(message).toContain('`messages[3].content` must be text');
    expect(message).toContain('2 of the calls of `messages[1]` have no result');
  });

  test('a call without name or id is refused', () => {
    expect(refusalOf({ messages: [{ role: 'assistant', tool_calls: [{ type: 'custom', id: 'a', custom: {} }] }] }).message).toMatch(
      /messages\[0\]\.tool_calls\[0\]/,
    );
    expect(refusalOf({ messages: [{ role: 'assistant', tool_calls: 'x' }] }).message).toMatch(/tool_calls` must be a list/);
  });
});

describe('thoughtSignature', () => {
  const history = (calls: object[], ids: string[]): object => ({
    messages: [
      { role: 'user', content: 'q' },
      { role: 'assistant', tool_calls: calls },
      ...ids.map((id) => ({ role: 'tool', tool_call_id: id, content: 'ok' })),
    ],
  });

  test('comes back out of the id, on the part it came with; ids are those that google gave', () => {
    const id = 'fc-1__thought__AB-_cw';
    const { request } = write(history([callOf(id), callOf('fc-2')], [id, 'fc-2']), 'gemini-3-pro-preview');
    expect(request.contents[1].parts).toEqual([
      { functionCall: { id: 'fc-1', name: 'weather', args: {} }, thoughtSignature: 'AB+/cw==' },
      { functionCall: { id: 'fc-2', name: 'weather', args: {} } },
    ]);
    expect(request.contents[2].parts[0].functionResponse?.id).toBe('fc-1');
  });

  test('what the id of another dialect carries is not sent', () => {
    const id = 'toolu_1__claude__WzBd';
    const { request } = write(history([callOf(id)], [id]));
    expect(request.contents[1].parts[0]).toEqual({ functionCall: { id: 'toolu_1', name: 'weather', args: {} } });
  });

  test('comes back out of extra_content', () => {
    const call = { ...callOf('a'), extra_content: { google: { thought_signature: 'c2ln' } } };
    expect(write(history([call], ['a']), 'gemini-3-flash').request.contents[1].parts[0].thoughtSignature).toBe('c2ln');
  });

  test('foreign history: the first call of a step is excused, from generation 3 on', () => {
    const body = history([callOf('a'), callOf('b')], ['a', 'b']);
    const signaturesOf = (model: string): unknown[] => write(body, model).request.contents[1].parts.map((part) => part.thoughtSignature);
    expect(signaturesOf('gemini-3.1-pro-preview')).toEqual(['skip_thought_signature_validator', undefined]);
    expect(signaturesOf('gemini-flash-latest')).toEqual(['skip_thought_signature_validator', undefined]);
    expect(signaturesOf('gemini-2.5-flash')).toEqual([undefined, undefined]);
  });
});

describe('tools', () => {
  test('declarations carry their schema whole', () => {
    expect(write({ tools: [TOOL] }).request.tools).toEqual([
      {
        functionDeclarations: [
          { name: 'weather', description: 'now', parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } } },
        ],
      },
    ]);
  });

  test('a function without parameters declares none, and a schema without type is an object', () => {
    const parameters = [
      undefined,
      {},
      { type: 'object', properties: {}, additionalProperties: false },
      { properties: { a: { type: 'string' } } },
    ];
    const { request } = write({
      tools: parameters.map((item, at) => ({ type: 'function', function: { name: `f${at}`, parameters: item } })),
    });
    expect(request.tools).toEqual([
      {
        functionDeclarations: [
          { name: 'f0' },
          { name: 'f1' },
          { name: 'f2' },
          { name: 'f3', parametersJsonSchema: { type: 'object', properties: { a: { type: 'string' } } } },
        ],
      },
    ]);
  });

  const allowed = (mode: string): object => ({
    type: 'allowed_tools',
    allowed_tools: { mode, tools: [{ type: 'function', function: { name: 'weather' } }] },
  });
  test.each([
    [undefined, undefined],
    ['auto', undefined],
    ['none', { mode: 'NONE' }],
    ['required', { mode: 'ANY' }],
    [
      { type: 'function', function: { name: 'weather' } },
      { mode: 'ANY', allowedFunctionNames: ['weather'] },
    ],
    [allowed('required'), { mode: 'ANY', allowedFunctionNames: ['weather'] }],
    [allowed('auto'), { mode: 'VALIDATED', allowedFunctionNames: ['weather'] }],
  ])('tool_choice %j', (tool_choice, config) => {
    expect(write({ tools: [TOOL], tool_choice }).request.toolConfig).toEqual(config && { functionCallingConfig: config });
  });

  test('strict functions are validated', () => {
    const strict = { ...TOOL, function: { ...TOOL.function, strict: true } };
    expect(write({ tools: [strict] }).request.toolConfig).toEqual({ functionCallingConfig: { mode: 'VALIDATED' } });
  });

  test('parallel_tool_calls=false can not be promised, and that is told', () => {
    expect(write({ tools: [TOOL], parallel_tool_calls: false }).warnings).toEqual(['parallel-tool-calls-ignored']);
    expect(write({ tools: [TOOL], parallel_tool_calls: true }).warnings).toEqual([]);
    expect(write({ tools: [], parallel_tool_calls: false }).warnings).toEqual([]);
  });

  test('what is no function, or no choice, is refused', () => {
    expect(refusalOf({ tools: [TOOL, { type: 'custom', custom: { name: 'x' } }] }).message).toMatch(/`tools\[1\]` is no function/);
    expect(refusalOf({ tools: 'x' }).param).toBe('tools');
    expect(refusalOf({ tools: [TOOL], tool_choice: { type: 'custom' } }).param).toBe('tool_choice');
  });

  test('constraints that can not be said are named', () => {
    const parameters = { type: 'object', properties: { a: { type: 'string', pattern: 'x', maxLength: 3 } } };
    expect(write({ tools: [{ type: 'function', function: { name: 'f', parameters } }] }).warnings).toEqual([
      'tools-schema-loosened=maxlength+pattern',
    ]);
  });
});

describe('response_format', () => {
  test('json_object and json_schema', () => {
    const json_schema = {
      name: 'n',
      description: 'd',
      strict: true,
      schema: { type: 'object', properties: { a: { type: 'integer' } }, additionalProperties: false },
    };
    expect(write({ response_format: { type: 'text' } }).request.generationConfig).toBeUndefined();
    expect(write({ response_format: { type: 'json_object' } }).request.generationConfig).toEqual({ responseMimeType: 'application/json' });
    expect(write({ response_format: { type: 'json_schema', json_schema } }).request.generationConfig).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: { ...json_schema.schema, description: 'd' },
    });
  });

  test('any other is refused', () => {
    expect(refusalOf({ response_format: { type: 'grammar' } }).param).toBe('response_format');
    expect(refusalOf({ response_format: { type: 'json_schema' } }).param).toBe('response_format');
  });
});

describe('images and files', () => {
  const partsOf = (...content: object[]): unknown => write({ messages: [{ role: 'user', content }] }).request.contents[0].parts;
  const image = (url: string, more: object = {}): object => ({ type: 'image_url', image_url: { url, ...more } });

  test('data urls are inline, a turn of images alone gets a text', () => {
    expect(partsOf(image('data:image/png;base64,AAAA'))).toEqual([{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }, { text: ' ' }]);
    expect(partsOf({ type: 'text', text: 'what' }, image('data:text/plain;charset=utf-8,a%20b'))).toEqual([
      { text: 'what' },
      { inlineData: { mimeType: 'text/plain', data: 'YSBi' } },
    ]);
  });

  test('addresses are sent as such, with their type where it can be told', () => {
    expect(partsOf(image('https://x.test/a.JPG?w=1'), image('https://x.test/a'), image('gs://b/c.webp'))).toEqual([
      { fileData: { mimeType: 'image/jpeg', fileUri: 'https://x.test/a.JPG?w=1' } },
      { fileData: { fileUri: 'https://x.test/a' } },
      { fileData: { mimeType: 'image/webp', fileUri: 'gs://b/c.webp' } },
      { text: ' ' },
    ]);
  });

  test('pdf and audio', () => {
    const file = (fields: object): object => ({ type: 'file', file: fields });
    expect(
      partsOf(
        file({ filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' }),
        file({ filename: 'a.pdf', file_data: 'JVBE' }),
        file({ file_id: 'https://generativelanguage.googleapis.com/v1beta/files/abc' }),
        { type: 'input_audio', input_audio: { data: 'UklG', format: 'wav' } },
      ),
    ).toEqual([
      { inlineData: { mimeType: 'application/pdf', data: 'JVBE' } },
      { inlineData: { mimeType: 'application/pdf', data: 'JVBE' } },
      { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } },
      { inlineData: { mimeType: 'audio/wav', data: 'UklG' } },
      { text: ' ' },
    ]);
  });

  test('image detail has no counterpart, and that is told', () => {
    expect(write({ messages: [{ role: 'user', content: [image('https://x/a.png', { detail: 'low' })] }] }).warnings).toEqual([
      'image-detail-ignored',
    ]);
    expect(write({ messages: [{ role: 'user', content: [image('https://x/a.png', { detail: 'auto' })] }] }).warnings).toEqual([]);
  });

  test.each([
    [image('file:///etc/passwd')],
    [image('data:image/png;base64,')],
    [image('data:,x')],
    [image('data:image/png,%zz')],
    [{ type: 'image_url' }],
    [{ type: 'file', file: { file_id: 'file-abc' } }],
    [{ type: 'file', file: { file_data: 'JVBE', filename: 'a.xyz' } }],
    [{ type: 'input_audio', input_audio: { data: 'x', format: 'opus' } }],
    [{ type: 'video_url', video_url: {} }],
    [{ type: 'text' }],
    ['x'],
  ])('refused, with its place: %j', (part) => {
    expect(refusalOf({ messages: [{ role: 'user', content: ['?', part].slice(1) }] }).message).toContain('`messages[0].content[0]`');
  });

  test('an assistant or a system message takes text only', () => {
    expect(refusalOf({ messages: [{ role: 'assistant', content: [image('https://x/a.png')] }] }).message).toContain(
      '`messages[0].content[0]` must be text',
    );
    expect(refusalOf({ messages: [{ role: 'system', content: 7 }] }).message).toContain('`messages[0].content` must be a string or a list');
    expect(refusalOf({ messages: [{ role: 'assistant', content: null, audio: { id: 'x' } }] }).message).toContain('`messages[0].audio`');
    expect(refusalOf({ messages: [{ role: 'assistant', content: null, function_call: { name: 'x' } }] }).message).toContain(
      '`messages[0].function_call`',
    );
  });
});

describe('sampling', () => {
  const configOf = (body: object): unknown => write(body).request.generationConfig;

  test('every parameter that has a counterpart', () => {
    expect(
      configOf({
        max_completion_tokens: 9,
        max_tokens: 8,
        temperature: 1.5,
        top_p: 0.9,
        top_k: 40,
        seed: 7,
        presence_penalty: 1,
        frequency_penalty: -1,
        stop: 'END',
      }),
    ).toEqual({
      maxOutputTokens: 9,
      temperature: 1.5,
      topP: 0.9,
      topK: 40,
      seed: 7,
      presencePenalty: 1,
      frequencyPenalty: -1,
      stopSequences: ['END'],
    });
    expect(configOf({ max_tokens: 8, temperature: null, stop: null })).toEqual({ maxOutputTokens: 8 });
  });

  test('the cap that must stand wins', () => {
    expect(write({ max_tokens: 8000 }, undefined, 100).request.generationConfig).toEqual({ maxOutputTokens: 100 });
  });

  test('temperature and top_p are clamped, and that is told', () => {
    const { request, warnings } = write({ temperature: 3, top_p: -1 });
    expect(request.generationConfig).toEqual({ temperature: 2, topP: 0 });
    expect(warnings).toEqual(['temperature-clamped=2', 'top-p-clamped=0']);
  });

  test('stop: string or list, empty ones dropped, five at most', () => {
    expect(configOf({ stop: ['a', '', 'b'] })).toEqual({ stopSequences: ['a', 'b'] });
    expect(configOf({ stop: '' })).toBeUndefined();
    expect(refusalOf({ stop: ['a', 'b', 'c', 'd', 'e', 'f'] }).param).toBe('stop');
    expect(refusalOf({ stop: [1] }).param).toBe('stop');
  });

  test('a number must be one', () => {
    expect(refusalOf({ temperature: 'hot' }).message).toBe('`temperature` must be a number');
  });
});

describe('thinking: a level from generation 3 on, a budget before, never both', () => {
  const thinkingOf = (effort: unknown, model: string): unknown =>
    write({ reasoning_effort: effort }, model).request.generationConfig?.thinkingConfig;

  test.each([
    ['none', { thinkingLevel: 'minimal' }, { thinkingLevel: 'low' }, { thinkingBudget: 0 }, { thinkingBudget: 128 }],
    [
      'minimal',
      { thinkingLevel: 'minimal', includeThoughts: true },
      { thinkingLevel: 'low', includeThoughts: true },
      { thinkingBudget: 1024, includeThoughts: true },
      { thinkingBudget: 1024, includeThoughts: true },
    ],
    [
      'low',
      { thinkingLevel: 'low', includeThoughts: true },
      { thinkingLevel: 'low', includeThoughts: true },
      { thinkingBudget: 1024, includeThoughts: true },
      { thinkingBudget: 1024, includeThoughts: true },
    ],
    [
      'medium',
      { thinkingLevel: 'medium', includeThoughts: true },
      { thinkingLevel: 'high', includeThoughts: true },
      { thinkingBudget: 8192, includeThoughts: true },
      { thinkingBudget: 8192, includeThoughts: true },
    ],
    [
      'high',
      { thinkingLevel: 'high', includeThoughts: true },
      { thinkingLevel: 'high', includeThoughts: true },
      { thinkingBudget: 24_576, includeThoughts: true },
      { thinkingBudget: 24_576, includeThoughts: true },
    ],
    [
      'xhigh',
      { thinkingLevel: 'high', includeThoughts: true },
      { thinkingLevel: 'high', includeThoughts: true },
      { thinkingBudget: 24_576, includeThoughts: true },
      { thinkingBudget: 24_576, includeThoughts: true },
    ],
  ])('%s', (effort, flash3, pro3, flash2, pro2) => {
    expect(thinkingOf(effort, 'gemini-3-flash-preview')).toEqual(flash3);
    expect(thinkingOf(effort, 'gemini-3-pro-preview')).toEqual(pro3);
    expect(thinkingOf(effort, 'gemini-2.5-flash')).toEqual(flash2);
    expect(thinkingOf(effort, 'gemini-2.5-pro')).toEqual(pro2);
  });

  test('3.1 pro knows medium, and the newest is the newest', () => {
    expect(thinkingOf('medium', 'gemini-3.1-pro-preview')).toEqual({ thinkingLevel: 'medium', includeThoughts: true });
    expect(thinkingOf('medium', 'gemini-pro-latest')).toEqual({ thinkingLevel: 'medium', includeThoughts: true });
  });

  test('what could not be had is told', () => {
    const warningsOf = (effort: string, model: string): unknown => write({ reasoning_effort: effort }, model).warnings;
    expect(warningsOf('none', 'gemini-3-pro-preview')).toEqual(['reasoning-effort-changed=low']);
    expect(warningsOf('none', 'gemini-2.5-pro')).toEqual(['reasoning-effort-changed=minimal']);
    expect(warningsOf('max', 'gemini-2.5-flash')).toEqual(['reasoning-effort-changed=high']);
    expect(warningsOf('high', 'gemini-2.0-flash')).toEqual(['reasoning-effort-ignored']);
    expect(warningsOf('high', 'gemma-3-27b-it')).toEqual(['reasoning-effort-ignored']);
    expect(warningsOf('none', 'gemini-2.0-flash')).toEqual([]);
    expect(warningsOf('high', 'gemini-3-flash')).toEqual([]);
  });

  test('an effort that does not exist is refused', () => {
    expect(refusalOf({ reasoning_effort: 'extreme' }).param).toBe('reasoning_effort');
    expect(refusalOf({ reasoning_effort: 'constructor' }).param).toBe('reasoning_effort');
  });

  test('extra_body.google is taken as google takes it', () => {
    const { request, warnings } = write({
      extra_body: { google: { thinking_config: { thinking_budget: 5, include_thoughts: true }, cached_content: 'cachedContents/a' } },
    });
    expect(request.generationConfig).toEqual({ thinkingConfig: { thinkingBudget: 5, includeThoughts: true } });
    expect(request.cachedContent).toBe('cachedContents/a');
    expect(warnings).toEqual([]);
    expect(write({ extra_body: { google: { other: 1 } } }).warnings).toEqual(['extra-body-ignored']);
    expect(write({ extra_body: { more: 1 } }).warnings).toEqual(['extra-body-ignored']);
  });

  test('both at once are refused', () => {
    const google = { thinking_config: { thinking_budget: 5, thinking_level: 'low' } };
    expect(refusalOf({ extra_body: { google } }).param).toBe('extra_body');
    expect(refusalOf({ reasoning_effort: 'low', extra_body: { google: { thinking_config: { thinking_budget: 5 } } } }).param).toBe(
      'reasoning_effort',
    );
  });
});

describe('every documented parameter has a decision', () => {
  const source = readFileSync(new URL('../../../node_modules/openai/resources/chat/completions/completions.d.ts', import.meta.url), 'utf8');
  const declaration = /export interface ChatCompletionCreateParamsBase \{([\s\S]*?)\n\}/.exec(source)![1];
  const documented = [...declaration.matchAll(/^ {4}(\w+)\??:/gm)].map(([, name]) => name);

  test('the official client declares parameters', () => {
    expect(documented).toContain('messages');
    expect(documented.length).toBeGreaterThan(30);
  });

  test.each(documented)('%s', (name) => {
    expect(Object.keys(PARAMETERS)).toContain(name);
  });

  test('values that ask for nothing pass in silence', () => {
    const idle = {
      n: 1,
      logprobs: false,
      top_logprobs: 0,
      logit_bias: {},
      modalities: ['text'],
      store: false,
      service_tier: 'auto',
      verbosity: 'medium',
      functions: [],
      audio: null,
      user: null,
    };
    expect(write(idle).warnings).toEqual([]);
  });

  test('what changes no meaning is left out and told', () => {
    const body = {
      user: 'u',
      safety_identifier: 's',
      prompt_cache_key: 'k',
      prompt_cache_options: {},
      prompt_cache_retention: '24h',
      metadata: { a: 'b' },
      prediction: {},
      store: true,
      service_tier: 'flex',
      verbosity: 'low',
    };
    const { warnings, request } = write(body);
    expect(warnings).toEqual(Object.keys(body).map((name) => `${name.replaceAll('_', '-')}-ignored`));
    expect(Object.keys(request)).toEqual(['contents']);
  });

  test('what changes the meaning is refused, all at once', () => {
    const body = {
      n: 2,
      logprobs: true,
      top_logprobs: 3,
      logit_bias: { 50256: -100 },
      modalities: ['text', 'audio'],
      audio: {},
      moderation: {},
      web_search_options: {},
      functions: [{}],
      function_call: 'auto',
    };
    const { message, param } = refusalOf(body);
    expect(param).toBe('n');
    for (const name of Object.keys(body)) expect(message).toContain(`gemini models know no \`${name}\`; help: `);
  });

  test('unknown ones are told, by name where a header can carry it, and boundedly', () => {
    expect(write({ repetition_penalty: 1, 'a b\r\n': 1, toString: 1 }).warnings).toEqual([
      'repetition-penalty-ignored',
      'parameter-ignored',
      'tostring-ignored',
    ]);
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`p${at}`, 1]));
    expect(write(many).warnings.length).toBe(16);
  });
});

test("a body that nests deeper than the stack is the caller's mistake", () => {
  const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
  expect(
    refusalOf({ tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', enum: [deep], description: 'x' } } }] })
      .message,
  ).toBe('the body nests too deeply');
});
