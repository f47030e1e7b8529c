import { expect, test } from 'vitest';
import { type EndWatch, openEndWatch } from '../../../runtime/gateway/end-watch.ts';
import type { Wire } from '../../../runtime/backends/meter/wire.ts';

function watch(wire: Wire, text: string, size: number): EndWatch {
  const stream = openEndWatch(wire);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) stream.take(bytes.subarray(at, at + size));
  return stream;
}

const event = (type: string, more: object = {}, end = '\n'): string =>
  `event: ${type}${end}data: ${JSON.stringify({ type, ...more })}${end}${end}`;
const unnamed = (type: string, more: object = {}): string => `data: ${JSON.stringify({ type, ...more })}\n\n`;
const LONG = 'x'.repeat(40_000);

for (const size of [1, 7, 4_096, 1 << 20]) {
  const ends = (wire: Wire, text: string): boolean => watch(wire, text, size).isTerminated;

  test(`messages: the event that ends a stream, in pieces of ${size} bytes`, () => {
    const said = event('content_block_delta', { delta: { text: 'event: message_stop\ndata: {"type":"message_stop"}\n\n' } });
    expect(ends('messages', said)).toBe(false);
    expect(ends('messages', said + event('message_stop'))).toBe(true);
    expect(ends('messages', said + event('message_stop', {}, '\r\n'))).toBe(true);
    expect(ends('messages', said + event('error', { error: { message: LONG } }))).toBe(true);
    expect(ends('messages', said + unnamed('message_stop'))).toBe(true);
    // Its name alone is no event yet.
    expect(ends('messages', `${said}event: message_stop\n`)).toBe(false);
    expect(ends('messages', `${said}event: message_stop\ndata: {"type":"mess`)).toBe(false);
  });

  test(`responses: the last event repeats the whole answer, in pieces of ${size} bytes`, () => {
    const said = event('response.output_text.delta', { delta: '"type":"response.completed"' });
    expect(ends('responses', said)).toBe(false);
    for (const type of ['response.completed', 'response.incomplete', 'response.failed']) {
      expect(ends('responses', said + event(type, { response: { output: LONG } })), type).toBe(true);
      expect(ends('responses', said + unnamed(type, { response: { output: LONG } })), type).toBe(true);
    }
    expect(ends('responses', said + unnamed('response.in_progress', { x: { type: 'response.completed' } }))).toBe(false);
  });

  test(`ollama: the last line may repeat the context, in pieces of ${size} bytes`, () => {
    const line = (value: object): string => `${JSON.stringify(value)}\n`;
    const call = line({ message: { tool_calls: [{ function: { name: 'tick', arguments: { done: true, error: 1 } } }] }, done: false });
    expect(ends('ollama', call)).toBe(false);
    expect(ends('ollama', call + line({ done: true, context: Array(20_000).fill(7), total_duration: 1 }))).toBe(true);
    expect(ends('ollama', call + line({ error: 'out of memory' }))).toBe(true);
    const stream = watch('ollama', `${call}{"done":true}`, size);
    expect(stream.isTerminated).toBe(false);
    stream.finish();
    expect(stream.isTerminated).toBe(true);
  });
}

test('what has to stand before an event that is added', () => {
  const gap = (wire: Wire, text: string): string => watch(wire, text, 1 << 20).gap;
  expect(gap('messages', event('ping'))).toBe('');
  expect(gap('messages', event('ping', {}, '\r\n'))).toBe('');
  expect(gap('messages', 'event: ping\n')).toBe('\n');
  expect(gap('messages', 'event: ping\ndata: {"ty')).toBe('\n\n');
  expect(gap('ollama', '{"done":false}\n')).toBe('');
  expect(gap('ollama', '{"done":fal')).toBe('\n');
});

test('a server may close before the last line feed, not within the data', () => {
  for (const [text, whole] of [
    ['event: message_stop\ndata: {"type":"message_stop"}', true],
    ['event: message_stop\ndata: {"type":"message_st', false],
  ] as const) {
    const stream = watch('messages', text, 5);
    stream.finish();
    expect(stream.isTerminated, text).toBe(whole);
  }
});

test('events are counted', () => {
  expect(watch('messages', event('ping') + event('ping', {}, '\r\n'), 3).events).toBe(2);
  expect(watch('ollama', '{"done":false}\n{"done":true}\n', 3).events).toBe(2);
});
