import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FollowedFrames } from '../../../runtime/orchestrator/stream/followed-frames.ts';
import { forgetStreams } from '../../../runtime/orchestrator/stream/forget-streams.ts';
import type { WireFrame } from '../../../runtime/orchestrator/stream/frames.ts';
import { storeFrames } from '../../../runtime/orchestrator/stream/store-frames.ts';
import { type FrameSink, type ReaderEnd, StreamReader } from '../../../runtime/orchestrator/stream/stream-reader.ts';
import type { FrameTables } from '../../../runtime/orchestrator/stream/tables.ts';
import type { Store } from '../../../runtime/store/store.ts';
import { until } from '../../e2e/policyd.ts';
import { SHELVES, type Shelf } from '../../exams/store/stores.ts';

const LIMITS = { frames: 1_000, bytes: 1 << 20, total: 1 << 24, retention: 60_000 };
const around = { redact: (text: string) => text, log: console, registry: null };

/** Keeps all that it is given. */
class Keeper implements FrameSink {
  readonly seqs: number[] = [];
  readonly said: object[] = [];
  ended: ReaderEnd | null = null;

  frame({ seq }: WireFrame): void {
    this.seqs.push(seq);
  }

  status(_stream: string | null, payload: object): void {
    this.said.push(payload);
  }

  full(): boolean {
    return false;
  }

  end(reason: ReaderEnd): void {
    this.ended = reason;
  }
}

for (const name of ['sqlite', 'postgres'] as const) {
  const make = SHELVES[name];
  describe.skipIf(make === null)(`streams that are forgotten over ${name}`, { timeout: 60_000 }, () => {
    let shelf: Shelf;
    let store: Store;
    let frames: FollowedFrames;
    beforeEach(async () => {
      shelf = await make!();
      store = await shelf.open();
      frames = await FollowedFrames.open(store, LIMITS, around);
    });
    afterEach(async () => {
      await frames.close();
      await store.close();
      await shelf.remove();
    });
    /** `streams` of 10 frames each, those named first touched first. */
    const fill = async (...streams: string[]): Promise<void> => {
      for (const stream of streams) {
        await Promise.all(Array.from({ length: 10 }, (_, n) => frames.append(stream, null, 'log', `${n}`.padEnd(98, 'x'))));
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    };
    const follow = (stream: string): Keeper => {
      const keeper = new Keeper();
      new StreamReader(frames, keeper, new Map([[stream, null]]), null).start();
      return keeper;
    };
    const stored = async (): Promise<number> => {
      const { count } = await store
        .tables<{ frames: { seq: number } }>()
        .selectFrom('frames')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return Number(count);
    };

    test('after the retention: all of one that has ended; of another one its numbers stay, for ten times as long', async () => {
      await fill('ended', 'open');
      await frames.end('ended');
      const { touchedAt } = (await frames.state('ended'))!;
      expect(await forgetStreams(store, LIMITS, touchedAt + LIMITS.retention - 1_000)).toEqual([]);
      expect(await stored()).toBe(20);
      const late = touchedAt + LIMITS.retention + 60_000;
      expect((await forgetStreams(store, LIMITS, late)).toSorted()).toEqual(['ended', 'open']);
      expect(await stored()).toBe(0);
      expect(await frames.state('ended')).toBeNull();
      expect(await frames.state('open')).toMatchObject({ oldest: 11, newest: 10, ended: false });
      // Nothing is left to be taken, and it ends.
      expect(await forgetStreams(store, LIMITS, late)).toEqual([]);
      const fresh = await FollowedFrames.open(store, LIMITS, around);
      const keeper = new Keeper();
      new StreamReader(fresh, keeper, new Map([['open', 4]]), null).start();
      await until(() => keeper.said.length > 0, 'the gap');
      expect(keeper.said).toEqual([{ missed: { from: 4, to: 10, count: 7 } }]);
      await frames.append('open', null, 'log', 'more');
      await until(() => keeper.seqs.length > 0, 'the next frame');
      expect(keeper.seqs).toEqual([11]);
      await fresh.close();
      expect(await forgetStreams(store, LIMITS, late + 10 * LIMITS.retention)).toEqual(['open']);
      expect(await frames.state('open')).toBeNull();
    });

    test('beyond the bound of all: those that waited longest lose their frames, no more than needed', async () => {
      await fill('a', 'b', 'c', 'd', 'e');
      // 100 bytes with the quotes: five streams of 1,000.
      expect(await forgetStreams(store, { ...LIMITS, total: 5_000 }, Date.now())).toEqual([]);
      expect(await forgetStreams(store, { ...LIMITS, total: 3_500 }, Date.now())).toEqual(['a', 'b']);
      expect(await stored()).toBe(30);
      expect(await frames.state('b')).toMatchObject({ oldest: 11, newest: 10 });
      expect(await frames.state('c')).toMatchObject({ oldest: 1, newest: 10 });
      expect(await forgetStreams(store, { ...LIMITS, total: 0 }, Date.now())).toEqual(['c', 'd', 'e']);
      expect(await stored()).toBe(0);
    });

    test('who follows one is told that it is forgotten, once, and is over', async () => {
      await fill('a');
      const keeper = follow('a');
      await until(() => keeper.seqs.length === 10, 'its frames');
      await forgetStreams(store, LIMITS, Date.now() + 11 * LIMITS.retention);
      await until(() => keeper.ended, 'the end');
      expect(keeper).toMatchObject({ said: [{ state: 'forgotten', next: 11 }], ended: 'ended' });
      expect(keeper.seqs).toHaveLength(10);
    });

    // Fewer frames than were read, as many, more.
    test.each([3, 10, 25])('who follows one that begins anew with %i frames is told, and gets all of them', async (count) => {
      await fill('a');
      const keeper = follow('a');
      await until(() => keeper.seqs.length === 10, 'its frames');
      const entry = { stream: 'a', owner: null, ts: Date.now(), payload: '"new"', bytes: 5 } as const;
      const anew = [...Array.from({ length: count }, () => ({ ...entry, type: 'log' as const })), { ...entry, type: null }];
      // Another process did both between two looks of this one.
      await store.write<FrameTables, void>(async (transaction) => {
        await transaction.deleteFrom('frames').where('stream', '=', 'a').execute();
        await transaction.deleteFrom('frame_streams').where('id', '=', 'a').execute();
        await storeFrames(transaction, anew, LIMITS, Date.now());
      });
      await until(() => keeper.ended, 'the end', 20_000);
      expect(keeper.said).toEqual([{ restarted: { next: 11, oldest: 1, newest: count } }]);
      expect(keeper.seqs.slice(10)).toEqual(Array.from({ length: count }, (_, n) => n + 1));
    });
  });
}
