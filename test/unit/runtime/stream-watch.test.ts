import { expect, test } from 'vitest';
import { StreamWatch } from '../../../runtime/gateway/stream-watch.ts';

function watch(text: string, size: number): StreamWatch {
  const stream = new StreamWatch();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) stream.take(bytes.subarray(at, at + size));
  return stream;
}

const WORD = 'data: {"choices":[{"index":0,"delta":{"content":"[DONE] \\"finish_reason\\":\\"stop\\""},"finish_reason":null}]}\n\n';
const FINISH = 'data: {"choices":[{"index":0,"delta":{},"finish_reason": "stop"}]}\n\n';
const LONG = WORD.repeat(200);

for (const size of [1, 7, 4_096, 5_000, 1 << 20]) {
  test(`what ends a stream is seen in pieces of ${size} bytes`, () => {
    const look = (text: string): boolean[] => [watch(text, size).isTerminated(), watch(text, size).isWhole()];
    expect(look(LONG)).toEqual([false, false]);
    expect(look(LONG + FINISH)).toEqual([false, true]);
    expect(look(`${LONG}${FINISH}data: [DONE]\n\n`)).toEqual([true, true]);
    expect(look(`${LONG}data: [DONE]`)).toEqual([true, true]);
    expect(look(`${LONG}data: {"error":{"message":"no"}}\n\n`)).toEqual([true, true]);
    expect(look(`${LONG}data: {"error":{"mess`)).toEqual([false, false]);
    expect(look(`data: [DONE]\n\n${WORD}`)).toEqual([false, false]);
  });
}

test('events are counted, and whether one is open is known, where a chunk does not cut their end', () => {
  const stream = watch(WORD + FINISH, 1 << 20);
  expect([stream.events, stream.between]).toEqual([2, true]);
  stream.take(Buffer.from('data: {"id"'));
  expect([stream.events, stream.between]).toEqual([2, false]);
});
