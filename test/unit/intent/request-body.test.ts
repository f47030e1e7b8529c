import { expect, test } from 'vitest';
import { BadRequest } from '../../../runtime/intent/bad-request.ts';
import { readRequestBody } from '../../../runtime/intent/request-body.ts';

const GOOD = '"model":"auto","messages":[{"role":"user","content":"hi"}]';

function refuse(body: string | Buffer, endpoint: 'chat' | 'embeddings' = 'chat'): BadRequest {
  try {
    readRequestBody(endpoint, Buffer.from(body));
  } catch (error) {
    if (error instanceof BadRequest) return error;
    throw error;
  }
  return expect.fail(`accepted: ${body}`);
}

test.each([
  ['', 'it is empty'],
  ['[]', 'it must be a JSON object'],
  ['\ufeff{}', 'it must begin with `{`, without a byte order mark'],
  [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'it is not UTF-8'],
  ['{"a":1', 'it ends where `,` or `}` should stand'],
  ['{"a":1}x', 'the end of the body should stand at byte 7'],
  ['{"a":01}', '`,` or `}` should stand at byte 6'],
  ['{"a":"b\nc"}', 'a string holds a raw control character at byte 7'],
  ['{"a":"\\x"}', 'a string holds an unknown escape at byte 6'],
  ['{"a":"\\u12g4"}', 'a string holds an incomplete escape at byte 6'],
  ["{'a':1}", 'a key in double quotes should stand at byte 1'],
  [`{"a":${'['.repeat(64)}${']'.repeat(64)}}`, 'it nests deeper than 64 levels at byte 68'],
  [`{${Array.from({ length: 10_001 }, (_, row) => `"${row}":0`).join()}}`, 'an object has more than 10000 members'],
])('malformed JSON says what is wrong and where: %s', (body, why) => {
  const { message, param, code } = refuse(body);
  expect({ message, param, code }).toEqual({
    message: `We could not parse the JSON body of your request: ${why}.`,
    param: null,
    code: null,
  });
});

test('64 levels are read', () => {
  expect(readRequestBody('chat', Buffer.from(`{${GOOD},"a":${'['.repeat(63)}${']'.repeat(63)}}`)).body.model).toBe('auto');
});

test.each([
  'model',
  'stream',
  'n',
  'max_tokens',
  'max_completion_tokens',
  'messages',
  'tools',
  'stream_options',
])('a second `%s` is refused, however its key is spelled', (name) => {
  for (const second of [name, `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`]) {
    expect(refuse(`{${GOOD},"${name}":1,"${second}":1}`)).toMatchObject({ code: 'duplicate_parameter' });
  }
});

test('equal keys that nobody reads are none of our business', () => {
  expect(readRequestBody('chat', Buffer.from(`{${GOOD},"user":"a","user":"b"}`)).body.model).toBe('auto');
});

test.each([
  ['{"messages":[{}]}', "Missing required parameter: 'model'.", 'model', 'missing_required_parameter'],
  ['{"model":null,"messages":[{}]}', "Missing required parameter: 'model'.", 'model', 'missing_required_parameter'],
  ['{"model":7,"messages":[{}]}', "Invalid type for 'model': expected a string, but got a number instead.", 'model', 'invalid_type'],
  ['{"model":"","messages":[{}]}', "Invalid 'model': empty string. Expected the name of a model.", 'model', 'empty_string'],
  [
    `{"model":"${'é'.repeat(129)}","messages":[{}]}`,
    "Invalid 'model': string too long. Expected at most 256 bytes.",
    'model',
    'string_above_max_length',
  ],
  ['{"model":"m"}', "Missing required parameter: 'messages'.", 'messages', 'missing_required_parameter'],
  [
    '{"model":"m","messages":"hi"}',
    "Invalid type for 'messages': expected an array of objects, but got a string instead.",
    'messages',
    'invalid_type',
  ],
  [
    '{"model":"m","messages":[]}',
    "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    'messages',
    'empty_array',
  ],
  [
    '{"model":"m","messages":["hi"]}',
    "Invalid type for 'messages': expected an array of objects, but got other elements instead.",
    'messages',
    'invalid_type',
  ],
  [
    `{${GOOD},"n":0}`,
    "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    'n',
    'integer_below_min_value',
  ],
  [
    `{${GOOD},"n":129}`,
    "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 129 instead.",
    'n',
    'integer_above_max_value',
  ],
  [`{${GOOD},"n":1.5}`, "Invalid type for 'n': expected an integer, but got a decimal number instead.", 'n', 'invalid_type'],
  [`{${GOOD},"n":"2"}`, "Invalid type for 'n': expected an integer, but got a string instead.", 'n', 'invalid_type'],
  [`{${GOOD},"stream":"yes"}`, "Invalid type for 'stream': expected a boolean, but got a string instead.", 'stream', 'invalid_type'],
  [
    `{${GOOD},"stream_options":true}`,
    "Invalid type for 'stream_options': expected an object, but got a boolean instead.",
    'stream_options',
    'invalid_type',
  ],
  [`{${GOOD},"tools":{}}`, "Invalid type for 'tools': expected an array of objects, but got an object instead.", 'tools', 'invalid_type'],
  [
    `{${GOOD},"response_format":"json"}`,
    "Invalid type for 'response_format': expected an object, but got a string instead.",
    'response_format',
    'invalid_type',
  ],
  [
    `{${GOOD},"reasoning_effort":3}`,
    "Invalid type for 'reasoning_effort': expected a string, but got a number instead.",
    'reasoning_effort',
    'invalid_type',
  ],
])('a wrong shape is told in OpenAI’s words: %s', (body, message, param, code) => {
  const error = refuse(body);
  expect({ message: error.message, param: error.param, code: error.code }).toEqual({ message, param, code });
});

test('everything wrong is told at once; param and code are the first one’s', () => {
  const { message, param, code } = refuse('{"n":0,"max_tokens":-1}');
  expect(message.split('. ').filter((each) => /^(Missing|Invalid)/.test(each))).toHaveLength(4);
  expect({ param, code }).toEqual({ param: 'model', code: 'missing_required_parameter' });
});

test.each([
  ['"hi"', 'hi'],
  ['["a","b"]', 'a\nb'],
  ['[1,2,3]', ''],
  ['[[1,2],[3]]', ''],
])('embedding input %s', (input, text) => {
  const { body } = readRequestBody('embeddings', Buffer.from(`{"model":"m","input":${input}}`));
  expect(body.required).toBe(1 << 4);
  expect(body.text()).toBe(text);
});

test.each(['""', '[]', '[1,"a"]', '[-1]', '[1.5]', '[[1],[]]', '[["a"]]', '{}', 'null', '7'])('embedding input %s is refused', (input) => {
  expect(refuse(`{"model":"m","input":${input}}`, 'embeddings').param).toBe('input');
});

test.each([
  ['the usual spelling', '{"type":"image_url","image_url":{"url":"data:"}}'],
  ['the Responses spelling', '{"type":"input_image"}'],
  ['an escaped value', '{"type":"\\u0069mage_url"}'],
  ['an escaped key and value', '{"\\u0074ype":"image\\u005furl"}'],
  ['no type', '{"image_url":{"url":"data:"}}'],
])('an image is seen in %s', (_, part) => {
  const request = readRequestBody(
    'chat',
    Buffer.from(`{"model":"m","messages":[{"role":"user","content":[${part},{"type":"text","text":"x"}]}]}`),
  );
  expect(request.images).toBe(1);
  expect(request.body.required).toBe(1 | 8);
});

test('text that speaks of images is no image', () => {
  const request = readRequestBody(
    'chat',
    Buffer.from('{"model":"m","messages":[{"role":"user","content":"image_url"}],"user":"input_image"}'),
  );
  expect(request.images).toBe(0);
});

test('the text window ends with the last user message, cut in the middle of nothing', () => {
  for (const unit of ['a', '\\u0041', 'é', '\\ud83d\\ude00', '中', '\\"', '\\\\']) {
    const content = unit.repeat(20_000);
    const { body } = readRequestBody(
      'chat',
      Buffer.from(`{"model":"m","messages":[{"role":"user","content":"x"},{"role":"user","content":"${content}"}]}`),
    );
    expect(body.text()).toBe(JSON.parse(`"${content}"`).slice(-8192));
  }
});

test('the newline between two pieces belongs to the window', () => {
  for (const size of [8190, 8191, 8192, 8193]) {
    const messages = [
      { role: 'user', content: 'b' },
      { role: 'user', content: 'a'.repeat(size) },
    ];
    const { body } = readRequestBody('chat', Buffer.from(JSON.stringify({ model: 'm', messages })));
    expect(body.text()).toBe(`b\n${'a'.repeat(size)}`.slice(-8192));
    const inputs = readRequestBody(
      'embeddings',
      Buffer.from(JSON.stringify({ model: 'm', input: messages.map((message) => message.content) })),
    );
    expect(inputs.body.text()).toBe(`b\n${'a'.repeat(size)}`.slice(-8192));
  }
});
