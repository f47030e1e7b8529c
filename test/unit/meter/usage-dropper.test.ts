import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsageDropper } from '../../../runtime/backends/meter/usage-dropper.ts';

const HEAD = '"id":"chatcmpl-1","object":"chat.completion.chunk"';
const USAGE_CHUNK = `data: {${HEAD},"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}`;
/** Events that look like it and are not. */
const KEPT = [
  `data: {${HEAD},"choices":[{"index":0,"delta":{"content":"Grüße 🌞"},"finish_reason":null}],"usage":null}`,
  `data: {${HEAD},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}`,
  `data: {${HEAD},"choices":[{"index":0,"delta":{"content":"\\"choices\\":[],\\"usage\\":{\\"a\\":1}"}}]}`,
  `data: {${HEAD},"choices":[],"prompt_filter_results":[{"usage": {"x": 1}}]}`,
  `data: {${HEAD},"choices":[],"usage":null}`,
  ': a comment "usage":{}',
  'event: ping\ndata: {"usage": {}}',
  'data: [DONE]',
  `data: {"choices":[],"usage":{"x":1},"pad":"${'x'.repeat(20_000)}"`,
];

function drop(bytes: Buffer, places: readonly number[]): string {
  const dropper = new UsageDropper();
  const cuts = [...new Set([0, ...places.map((place) => place % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  const out = cuts.slice(1).map((end, at) => Buffer.from(dropper.push(bytes.subarray(cuts[at], end))));
  return Buffer.concat([...out, dropper.end()]).toString('latin1');
}

const latin = (text: string): string => Buffer.from(text).toString('latin1');

test('law: every byte but those of the usage chunk, whatever the cuts and the ends of lines', () => {
  const event = fc.oneof({ arbitrary: fc.constantFrom(...KEPT), weight: 3 }, { arbitrary: fc.constant(USAGE_CHUNK), weight: 1 });
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 8 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.nat(), { maxLength: 12 }),
      (events, end, places) => {
        const frame = (text: string): string => `${text.replaceAll('\n', end)}${end}${end}`;
        const bytes = Buffer.from(events.map(frame).join(''));
        const wanted = events.filter((text) => text !== USAGE_CHUNK).map(frame);
        expect(drop(bytes, places)).toBe(latin(wanted.join('')));
      },
    ),
    { numRuns: 500 },
  );
});

test('every cut of one stream, byte by byte too', () => {
  for (const end of ['\n\n', '\r\n\r\n', '\r\r']) {
    const bytes = Buffer.from([KEPT[0], KEPT[1], USAGE_CHUNK, KEPT[7]].map((text) => text + end).join(''));
    const wanted = latin([KEPT[0], KEPT[1], KEPT[7]].map((text) => text + end).join(''));
    for (let at = 0; at <= bytes.length; at++) expect(drop(bytes, [at])).toBe(wanted);
    expect(drop(bytes, [...bytes.keys()])).toBe(wanted);
  }
});

test('a stream that ends within its last event: the chunk goes, anything else stays', () => {
  for (const rest of ['', '\n', '\r\n']) {
    expect(drop(Buffer.from(`${KEPT[0]}\n\n${USAGE_CHUNK}${rest}`), [])).toBe(latin(`${KEPT[0]}\n\n`));
    expect(drop(Buffer.from(`${KEPT[0]}\n\n${KEPT[1]}${rest}`), [])).toBe(latin(`${KEPT[0]}\n\n${KEPT[1]}${rest}`));
  }
});

test('the end of a large event is seen wherever it is cut', () => {
  for (const end of ['\n\n', '\r\n\r\n', '\r\r']) {
    const bytes = Buffer.from(KEPT[8] + end + USAGE_CHUNK + end + KEPT[7] + end);
    const wanted = latin(KEPT[8] + end + KEPT[7] + end);
    for (let at = KEPT[8].length - 4; at < KEPT[8].length + 8; at++) {
      expect(drop(bytes, [at])).toBe(wanted);
      expect(drop(bytes, [at, at + 1])).toBe(wanted);
    }
  }
});

test('what needs nothing goes on as the same object, at once', () => {
  const dropper = new UsageDropper();
  const chunk = Buffer.from(`${KEPT[0]}\n\n${KEPT[0]}\n\n`);
  expect(dropper.push(chunk)).toBe(chunk);
  // A large event is not waited for.
  const large = Buffer.from(`data: ${'x'.repeat(100_000)}`);
  expect(dropper.push(large).length).toBeGreaterThan(large.length - 4);
  expect(dropper.push(Buffer.from('y\n\n')).toString()).toContain('y\n\n');
  expect(dropper.push(chunk)).toBe(chunk);
});
