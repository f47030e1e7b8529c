import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MOST_PAYLOAD } from '../../../runtime/orchestrator/stream/frame-limits.ts';
import { FollowedFrames } from '../../../runtime/orchestrator/stream/followed-frames.ts';
import { SHELVES, type Shelf } from '../../exams/store/stores.ts';
import { until } from '../../e2e/policyd.ts';

const LIMITS = { frames: 1_000, bytes: 1 << 20, total: 1 << 24, retention: 60_000 };
const around = { redact: (text: string) => text.replaceAll('s3cret', '[redacted]'), log: console, registry: null };

for (const [name, make] of Object.entries(SHELVES)) {
  describe.skipIf(make === null)(`frames over ${name}`, () => {
    let shelf: Shelf;
    let open: FollowedFrames[];
    beforeEach(async () => {
      shelf = await make!();
      open = [];
    });
    afterEach(async () => {
      for (const frames of open) await frames.close();
      await shelf.remove();
    });
    const start = async (limits = LIMITS): Promise<FollowedFrames> => {
      const frames = await FollowedFrames.open(await shelf.open(), limits, around);
      open.push(frames);
      return frames;
    };
    const all = async (frames: FollowedFrames, stream: string, from = 1): Promise<{ seq: number; payload: unknown }[]> => {
      const found: { seq: number; payload: unknown }[] = [];
      await frames.state(stream);
      for (let next = from; ; ) {
        const page = await frames.read(stream, next, 10_000);
        if (page.frames.length === 0) return found;
        found.push(...page.frames.map(({ json }) => JSON.parse(json.toString()) as { seq: number; payload: unknown }));
        next = found.at(-1)!.seq + 1;
      }
    };

    test('numbers begin at 1, grow by one, and survive a reopening', async () => {
      const frames = await start();
      await Promise.all(Array.from({ length: 50 }, (_, n) => frames.append('a', 'me', 'log', { n })));
      await Promise.all([frames.append('b', null, 'status', null), frames.append('a', 'other', 'result', 'done')]);
      await frames.end('a');
      const again = await start();
      expect((await all(again, 'a')).map(({ seq }) => seq)).toEqual(Array.from({ length: 51 }, (_, n) => n + 1));
      expect(await again.state('a')).toMatchObject({ owner: 'me', oldest: 1, newest: 51, ended: true });
      expect(await again.state('b')).toMatchObject({ owner: null, newest: 1, ended: false });
      expect(await again.state('c')).toBeNull();
      await again.append('a', null, 'log', 'late');
      expect((await all(frames, 'a', 51)).map(({ payload }) => payload)).toEqual(['done', 'late']);
    });

    test('two writers of one stream share its numbers, and a watcher of either is told', async () => {
      const [one, two] = [await start(), await start()];
      const told = new Set<string>();
      two.watch({ streams: new Set(['a']), changed: (stream) => told.add(stream), closing: () => {} });
      await Promise.all(Array.from({ length: 60 }, (_, n) => (n % 2 ? one : two).append('a', null, 'log', n)));
      expect((await all(one, 'a')).map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
      told.clear();
      await one.append('a', null, 'log', 'more');
      await until(() => told.has('a'), 'the other one to be told');
      expect((await all(two, 'a', 61)).map(({ payload }) => payload)).toEqual(['more']);
    });

    test('a stream keeps its newest frames, and what went is known', async () => {
      const frames = await start({ ...LIMITS, frames: 20 });
      for (let n = 1; n <= 95; n++) await frames.append('a', null, 'log', n);
      const state = (await frames.state('a'))!;
      expect(state.newest).toBe(95);
      expect(state.newest - state.oldest + 1).toBeLessThanOrEqual(20);
      const fresh = await start();
      expect((await all(fresh, 'a')).map(({ payload }) => payload)).toEqual(
        Array.from({ length: 96 - state.oldest }, (_, n) => state.oldest + n),
      );
    });

    test('a stream keeps to its bytes', async () => {
      const frames = await start({ ...LIMITS, bytes: 20_000 });
      for (let n = 1; n <= 60; n++) await frames.append('a', null, 'log', 'x'.repeat(998));
      const kept = await all(await start(), 'a');
      expect(kept.length).toBeGreaterThan(10);
      expect(kept.length).toBeLessThanOrEqual(20);
      expect(kept.at(-1)!.seq).toBe(60);
    });

    test('a payload that is too large is cut and says so; secrets are taken out', async () => {
      const frames = await start();
      await frames.append('a', null, 'log', '\u0001'.repeat(MOST_PAYLOAD));
      await frames.append('a', null, 'log', { key: 's3cret' });
      const [first, second] = await all(frames, 'a');
      expect(first.payload).toMatchObject({ truncated: true, bytes: 6 * MOST_PAYLOAD + 2 });
      expect(second.payload).toEqual({ key: '[redacted]' });
      expect(Buffer.byteLength(JSON.stringify(first.payload))).toBeLessThanOrEqual(MOST_PAYLOAD);
    });
  });
}
