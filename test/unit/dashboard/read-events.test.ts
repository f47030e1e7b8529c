import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEvents, type ServerEvent } from '../../../runtime/dashboard/page/read-events.ts';

/** A stream of these bytes, in pieces of these lengths. */
function streamOf(bytes: Uint8Array, cuts: readonly number[]): ReadableStream<Uint8Array> {
  let at = 0;
  let piece = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      const length = cuts[piece++ % cuts.length];
      controller.enqueue(bytes.slice(at, at + length));
      at += length;
    },
  });
}

async function readAll(text: string, cuts: readonly number[] = [1]): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of readEvents(streamOf(new TextEncoder().encode(text), cuts))) events.push(event);
  return events;
}

const arbText = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !/[\r\n\0]/.test(text));
const arbEvent = fc.record({
  event: fc.constantFrom('message', 'decision', 'x y'),
  lines: fc.array(arbText, { minLength: 1, maxLength: 3 }),
});

test('however a stream is cut, and whatever its line breaks, the events are those that were sent', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(arbEvent, { maxLength: 6 }),
      fc.constantFrom('\n', '\r\n'),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      async (sent, end, cuts) => {
        const text = sent
          .map(({ event, lines }) => [`event: ${event}`, ': ping', ...lines.map((line) => `data: ${line}`), '', ''].join(end))
          .join('');
        expect(await readAll(text, cuts)).toEqual(sent.map(({ event, lines }) => ({ event, data: lines.join('\n') })));
      },
    ),
    { numRuns: 300 },
  );
});

test('an event without a name is a message, one without its end is none, a colon alone is a comment', async () => {
  expect(await readAll(':\ndata:no space\n\ndata\n\nevent: lost\n\ndata: unfinished')).toEqual([
    { event: 'message', data: 'no space' },
    { event: 'message', data: '' },
  ]);
});

test('an event without end is refused, not kept', async () => {
  await expect(readAll(`data: ${'x'.repeat(1_100_000)}`, [65_536])).rejects.toThrow('too long');
});

test('who stops reading ends the stream', async () => {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
    cancel: () => void (cancelled = true),
  });
  for await (const _ of readEvents(stream)) break;
  expect(cancelled).toBe(true);
});
