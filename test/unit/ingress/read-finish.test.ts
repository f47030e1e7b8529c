import { expect, test } from 'vitest';
import { readFinish } from '../../../runtime/ingress/read-finish.ts';

test.each([
  ['stop', 0, 'stop'],
  ['stop', 1, 'tool_calls'],
  ['length', 0, 'length'],
  ['length', 1, 'length'],
  ['tool_calls', 1, 'tool_calls'],
  ['tool_calls', 0, 'stop'],
  ['function_call', 1, 'tool_calls'],
  ['content_filter', 1, 'content_filter'],
  ['nap', 0, 'stop'],
  ['toString', 0, 'stop'],
  [null, 1, 'tool_calls'],
  [undefined, 0, 'stop'],
])('%s with %i calls is %s', (reason, calls, finish) => {
  expect(readFinish(reason, calls)).toBe(finish);
});
