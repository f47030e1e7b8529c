import { expect, test } from 'vitest';
import { readRequestBody } from '../../../runtime/intent/request-body.ts';
import type { Splices } from '../../../runtime/intent/request.ts';
import { splice } from '../../../runtime/intent/splice.ts';

const REST = '"messages" : [ {"role":"user","content":"\\u00e9 é"} ] ,  "temperature":1e-2';

function spliced(body: string, splices: Splices): string {
  return splice(readRequestBody('chat', Buffer.from(body)), splices).toString();
}

test.each<[string, string, Splices, string]>([
  ['the model', `{"model": "auto", ${REST}} `, { model: 'gpt-5' }, `{"model": "gpt-5", ${REST}} `],
  [
    'a cap that is too high',
    `{"model":"m",${REST},"max_tokens": 900}`,
    { outputCap: { name: 'max_tokens', tokens: 100 } },
    `{"model":"m",${REST},"max_tokens": 100}`,
  ],
  [
    'a cap under the other name',
    `{"model":"m",${REST},"max_tokens" : 90}`,
    { outputCap: { name: 'max_completion_tokens', tokens: 100 } },
    `{"model":"m",${REST},"max_completion_tokens" : 90}`,
  ],
  ['no cap', `{ "model":"m",${REST}}`, { outputCap: { name: 'max_tokens', tokens: 100 } }, `{"max_tokens":100, "model":"m",${REST}}`],
  [
    'a cap of null',
    `{"model":"m",${REST},"max_tokens":null}`,
    { outputCap: { name: 'max_tokens', tokens: 100 } },
    `{"model":"m",${REST},"max_tokens":100}`,
  ],
  ['no stream options', `{"model":"m",${REST}}`, { includeUsage: true }, `{"stream_options":{"include_usage":true},"model":"m",${REST}}`],
  [
    'stream options without usage',
    `{"model":"m","stream_options":{ "x":1},${REST}}`,
    { includeUsage: true },
    `{"model":"m","stream_options":{"include_usage":true, "x":1},${REST}}`,
  ],
  [
    'empty stream options',
    `{"model":"m","stream_options":{ },${REST}}`,
    { includeUsage: true },
    `{"model":"m","stream_options":{"include_usage":true },${REST}}`,
  ],
  [
    'usage refused',
    `{"model":"m","stream_options":{"include_usage": false},${REST}}`,
    { includeUsage: true },
    `{"model":"m","stream_options":{"include_usage": true},${REST}}`,
  ],
])('%s', (_, before, splices, after) => {
  expect(spliced(before, splices)).toBe(after);
});

test('nothing to change gives the same object', () => {
  const buffer = Buffer.from(`{"model":"m","max_tokens":90,"stream_options":{"include_usage":true},${REST}}`);
  const request = readRequestBody('chat', buffer);
  expect(splice(request, {})).toBe(buffer);
  expect(splice(request, { model: 'm', outputCap: { name: 'max_tokens', tokens: 90 }, includeUsage: true })).toBe(buffer);
});
