import { describe, expect, test } from 'vitest';
import { SseEvents } from '../../../runtime/backends/translate/sse-events.ts';

function read(chunks: readonly (string | Buffer)[], limit?: number): string[] {
  const found: string[] = [];
  const events = new SseEvents((data, event) => found.push(`${event}=${data}`), limit);
  for (const chunk of chunks) events.push(Buffer.from(chunk as string));
  events.end();
  return found;
}

const STREAM = 'event: a\ndata: {"x":"ü€😀"}\n\n: comment\n\ndata: one\ndata:two\nid: 7\nretry: 1\n\nevent: empty\n\ndata: last\n\n';
const FOUND = ['a={"x":"ü€😀"}', 'message=one\ntwo', 'message=last'];

describe('server-sent events', () => {
  test.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('%s, cut at every byte boundary', (_, end) => {
    const bytes = Buffer.from(STREAM.replaceAll('\n', end));
    for (let cut = 0; cut <= bytes.length; cut++)
      expect(read([bytes.subarray(0, cut), bytes.subarray(cut)]), `cut at ${cut}`).toEqual(FOUND);
    expect(read(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(FOUND);
  });

  test('a byte order mark is no part of the first field', () => {
    expect(read([Buffer.from([0xef, 0xbb]), Buffer.concat([Buffer.from([0xbf]), Buffer.from('data: x\n\n')])])).toEqual(['message=x']);
  });

  test('comments and events without data are dropped, fields without a colon or blank are read', () => {
    expect(read([': ping\n\n', 'data\n\n', 'data:\n\n', 'event: x\n\n', 'data: y\n\n', ': OPENROUTER PROCESSING\n\n'])).toEqual([
      'message=y',
    ]);
  });

  test('an event whose blank line is missing at the end is taken', () => {
    expect(read(['data: x'])).toEqual(['message=x']);
    expect(read(['data: x\n'])).toEqual(['message=x']);
  });

  test('an event has a bound, a stream has none', () => {
    expect(() => read([`data: ${'x'.repeat(100)}`], 64)).toThrow('larger than 64 bytes');
    expect(() => read(['data: 123456789\n'.repeat(5)], 64)).toThrow('larger than 64 bytes');
    expect(() => read([`: ${'x'.repeat(100)}`], 64)).toThrow('larger than 64 bytes');
    expect(read(['data: 123456789\n\n'.repeat(100)], 64)).toHaveLength(100);
  });

  test('a line that comes byte by byte does not cost the square of its length', () => {
    const bytes = Buffer.from(`data: ${'x'.repeat(500_000)}\n\n`);
    const one = Array.from(bytes, (byte) => Buffer.from([byte]));
    const start = performance.now();
    expect(read(one)).toHaveLength(1);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
