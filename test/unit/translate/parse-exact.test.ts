import { expect, test } from 'vitest';
import { parseExact } from '../../../runtime/backends/translate/parse-exact.ts';

test.each([
  '{"a":12345678901234567890}',
  '[1e400,-0.1234567890123456789]',
  '{"a":[1,2.5,null,"12345678901234567890"]}',
  '1234567890123456',
  '9007199254740993',
])('%s is written as it was read', (text) => {
  expect(JSON.stringify(parseExact(text))).toBe(text);
});

test('numbers that a double holds are numbers', () => {
  expect(parseExact('{"a":1234567890123456,"b":12345678901234567890}')).toMatchObject({ a: 1_234_567_890_123_456 });
});

test('what is no JSON is refused', () => {
  expect(() => parseExact('{"a":')).toThrow(SyntaxError);
});
