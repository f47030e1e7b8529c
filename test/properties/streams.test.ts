import fc from 'fast-check';
import type { QueryResult, RootOperationNode, UnknownRow } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FollowedFrames } from '../../runtime/orchestrator/stream/followed-frames.ts';
import type { WireFrame } from '../../runtime/orchestrator/stream/frames.ts';
import { readStream } from '../../runtime/orchestrator/stream/read-frames.ts';
import { type FrameSink, type ReaderEnd, type Start, StreamReader } from '../../runtime/orchestrator/stream/stream-reader.ts';
import type { Store } from '../../runtime/store/store.ts';
import { SHELVES, type Shelf } from '../exams/store/stores.ts';

const STREAMS = ['a', 'b', 'c'] as const;
/** Small, so that much is trimmed. */
const LIMITS = { frames: 12, bytes: 1 << 20, total: 1 << 24, retention: 600_000 };
const around = { redact: (text: string) => text, log: console, registry: null };

/** A socket of a test: takes `room` frames, then is full until it is drained. */
class Tray implements FrameSink {
  /** What was heard of each stream, in order: numbers, and gaps that were told. */
  readonly heard = new Map<string, (number | { from: number; to: number })[]>();
  reader!: StreamReader;
  ended: ReaderEnd | null = null;
  room = 3;

  frame({ stream, seq, json }: WireFrame): void {
    this.room--;
    expect(JSON.parse(json.toString())).toMatchObject({ stream, seq, payload: `${stream}${seq}` });
    this.#add(stream, seq);
  }

  status(stream: string | null, payload: object): void {
    const { missed } = payload as { missed?: { from: number; to: number; count: number } };
    if (missed === undefined) throw new Error(`unexpected: ${JSON.stringify(payload)}`);
    expect(missed.count).toBe(missed.to - missed.from + 1);
    this.#add(stream!, { from: missed.from, to: missed.to });
  }

  full(): boolean {
    return this.room <= 0;
  }

  end(reason: ReaderEnd): void {
    this.ended = reason;
  }

  drain(room: number): void {
    this.room = Math.max(0, this.room) + room;
    this.reader.pump();
  }

  #add(stream: string, what: number | { from: number; to: number }): void {
    this.heard.set(stream, [...(this.heard.get(stream) ?? []), what]);
  }
}

/** The next number that a reader has not heard of; it stands where the last one left off, without a hole or a repetition. */
function follow(heard: readonly (number | { from: number; to: number })[], start: number | null): number | null {
  let next = start;
  for (const what of heard) {
    const first = typeof what === 'number' ? what : what.from;
    if (next !== null) expect(first).toBe(next);
    next = (typeof what === 'number' ? what : what.to) + 1;
  }
  return next;
}

const Step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      stream: fc.constantFrom(...STREAMS),
      times: fc.integer({ min: 1, max: 9 }),
      by: fc.nat(1),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drain' as const), reader: fc.nat(3), room: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reconnect' as const), reader: fc.nat(3), at: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'rest' as const }) },
);

for (const name of ['sqlite', 'postgres'] as const) {
  const make = SHELVES[name];
  describe.skipIf(make === null)(`readers over ${name}`, () => {
    let shelf: Shelf;
    let logs: FollowedFrames[];
    beforeEach(async () => {
      shelf = await make!();
      logs = [];
      for (let n = 0; n < 2; n++) logs.push(await FollowedFrames.open(await shelf.open(), LIMITS, around));
    });
    afterEach(async () => {
      for (const log of logs) await log.close();
      await shelf.remove();
    });

    test('get every frame once and in order, or are told the gap, however they stall, leave and come back', {
      timeout: 300_000,
    }, async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(Step, { minLength: 5, maxLength: 40 }), async (steps) => {
          // The streams of a run are its own.
          const prefix = `r${run++}`;
          const streams = STREAMS.map((stream) => `${prefix}${stream}`);
          const written = new Map(streams.map((stream) => [stream, 0]));
          for (const stream of streams) {
            written.set(stream, 1);
            await logs[0].append(stream, null, 'log', `${stream}1`);
          }
          const trays: Tray[] = [];
          const places = Array.from({ length: 4 }, () => new Map<string, Start>(streams.map((stream) => [stream, null])));
          const connect = (row: number, at: number): void => {
            const tray = new Tray();
            tray.reader = new StreamReader(logs[at], tray, places[row], null);
            trays[row] = tray;
            tray.reader.start();
          };
          const leave = (row: number): void => {
            const tray = trays[row];
            tray.reader.stop();
            for (const stream of streams) places[row].set(stream, follow(tray.heard.get(stream) ?? [], places[row].get(stream)!));
          };
          for (let row = 0; row < 4; row++) connect(row, row % 2);
          for (const step of steps) {
            if (step.do === 'append') {
              const stream = prefix + step.stream;
              // One writer at a time, so that the payload is known; the two share the numbers.
              for (let n = 0; n < step.times; n++) {
                const seq = written.get(stream)! + 1;
                written.set(stream, seq);
                await logs[step.by].append(stream, null, 'log', `${stream}${seq}`);
              }
            } else if (step.do === 'drain') trays[step.reader].drain(step.room);
            else if (step.do === 'reconnect') {
              leave(step.reader);
              connect(step.reader, step.at);
            } else await new Promise((resolve) => setTimeout(resolve, 2));
          }
          for (const stream of streams) await logs[0].end(stream);
          const deadline = Date.now() + 60_000;
          while (trays.some(({ ended }) => ended === null)) {
            for (const tray of trays) tray.drain(50);
            await new Promise((resolve) => setTimeout(resolve, 5));
            if (Date.now() > deadline)
              throw new Error(`not all have ended: ${JSON.stringify(trays.map(({ heard, ended }) => [ended, [...heard]]))}`);
          }
          for (const [row, tray] of trays.entries()) {
            expect(tray.ended).toBe('ended');
            for (const stream of streams) {
              const next = follow(tray.heard.get(stream) ?? [], places[row].get(stream)!);
              expect(next).toBe(written.get(stream)! + 1);
            }
          }
        }),
        { numRuns: 40 },
      );
    });
  });
}

/** Numbers that a seed gives, from 0 below `below`. */
function roll(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** The hints between processes: each comes at once, late, out of order, or never. */
class Hints {
  readonly #hearers: ((message: string) => void)[] = [];
  readonly #late: (() => void)[] = [];
  readonly #again: (() => void)[] = [];
  readonly #below: (below: number) => number;

  constructor(below: (below: number) => number) {
    this.#below = below;
  }

  /** A store as one process has it: what it is told comes late, from a commit as from a question. */
  over(store: Store): Store {
    const lag = (): Promise<void> => turns(this.#below(3) === 0 ? this.#below(25) : 0);
    const late = {
      transformQuery: ({ node }: { node: RootOperationNode }) => node,
      transformResult: async ({ result }: { result: QueryResult<UnknownRow> }) => {
        await lag();
        return result;
      },
    };
    return {
      ...store,
      kind: 'postgres',
      tables: <Tables>() => store.tables<Tables>().withPlugin(late),
      write: async (work) => {
        const result = await store.write(work);
        await lag();
        return result;
      },
      publish: async (_channel, message) => {
        for (const hear of this.#hearers) {
          const fate = this.#below(4);
          if (fate === 0) continue;
          if (fate === 1) this.#late.push(() => hear(message));
          else hear(message);
        }
      },
      subscribe: async (_channel, hear, again) => {
        this.#hearers.push(hear);
        this.#again.push(again!);
        return async () => {};
      },
    };
  }

  deliver(): void {
    for (const say of this.#late.splice(0).toReversed()) say();
  }

  /** As the backstop does every second. */
  look(at: number): void {
    this.#again[at]();
  }
}

/** Notes what it is given, and stops where it is more than there can be. */
class Ledger implements FrameSink {
  readonly log: (readonly [from: number, to: number, payload: unknown])[] = [];
  readonly wrong: string[] = [];
  reader!: StreamReader;
  ended: ReaderEnd | null = null;
  room = 4;
  next: number | null;

  constructor(next: Start) {
    this.next = next;
  }

  frame({ seq, json }: WireFrame): void {
    this.room--;
    const frame = JSON.parse(json.toString()) as { seq: number; payload: unknown };
    if (frame.seq !== seq) this.wrong.push(`${seq} holds ${frame.seq}`);
    this.#take(seq, seq, frame.payload);
  }

  status(_stream: string | null, payload: object): void {
    const { missed } = payload as { missed?: { from: number; to: number; count: number } };
    if (missed === undefined || missed.count !== missed.to - missed.from + 1) this.wrong.push(JSON.stringify(payload));
    if (missed !== undefined) this.#take(missed.from, missed.to, null);
    else this.#check();
  }

  full(): boolean {
    return this.room <= 0;
  }

  end(reason: ReaderEnd): void {
    this.ended = reason;
  }

  drain(room: number): void {
    this.room = Math.max(0, this.room) + room;
    this.reader.pump();
  }

  #take(from: number, to: number, payload: unknown): void {
    if (this.next !== null && from !== this.next) this.wrong.push(`${from} came where ${this.next} should`);
    this.next = to + 1;
    this.log.push([from, to, payload]);
    this.#check();
  }

  #check(): void {
    if (this.wrong.length > 20) this.reader.stop();
  }
}

const READERS = 4;
const Act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('append' as const), by: fc.nat(1), times: fc.integer({ min: 1, max: 6 }), waits: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('attach' as const),
      reader: fc.nat(READERS - 1),
      at: fc.nat(1),
      from: fc.constantFrom('oldest', 'first', 'half', 'new', 'on'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('drain' as const), reader: fc.nat(READERS - 1), room: fc.integer({ min: 1, max: 20 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'deliver' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('look' as const), at: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rest' as const), turns: fc.integer({ min: 1, max: 30 }) }) },
);

for (const [name, runs] of [
  ['sqlite in the same thread', 60],
  ['postgres', 15],
] as const) {
  const make = SHELVES[name];
  describe.skipIf(make === null)(`readers whose memory is behind ${name}`, () => {
    let shelf: Shelf;
    let stores: Store[];
    beforeEach(async () => {
      shelf = await make!();
      stores = [await shelf.open(), await shelf.open(), await shelf.open()];
    });
    afterEach(async () => {
      for (const store of stores) await store.close();
      await shelf.remove();
    });

    test('get every frame once and in order and end with the stream, whatever becomes of the hints', { timeout: 600_000 }, async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(Act, { minLength: 4, maxLength: 40 }), fc.nat(), fc.nat(1), async (acts, seed, ender) => {
          const stream = `s${run++}`;
          const hints = new Hints(roll(seed));
          const logs = [
            await FollowedFrames.open(hints.over(stores[0]), LIMITS, around),
            await FollowedFrames.open(hints.over(stores[1]), LIMITS, around),
          ];
          let count = 0;
          const append = (by: number): Promise<void> => logs[by].append(stream, null, 'log', `${by}:${++count}`);
          const newest = async (): Promise<number> => (await readStream(stores[2], stream))?.newest ?? 0;
          await append(0);
          const waiting: Promise<void>[] = [];
          const all: Ledger[] = [];
          const current: Ledger[] = [];
          const attach = async (row: number, at: number, from: string): Promise<void> => {
            current[row]?.reader.stop();
            // As a request does.
            const state = (await logs[at].state(stream))!;
            const starts = {
              oldest: null,
              first: 1,
              half: Math.ceil(state.newest / 2),
              new: state.newest + 1,
              on: current[row]?.next ?? null,
            };
            const ledger = new Ledger(starts[from as keyof typeof starts]);
            ledger.reader = new StreamReader(logs[at], ledger, new Map([[stream, ledger.next]]), null);
            all.push(ledger);
            current[row] = ledger;
            ledger.reader.start();
          };
          for (const act of acts) {
            if (act.do === 'append') {
              const written = Array.from({ length: act.times }, () => append(act.by));
              waiting.push(...written);
              if (act.waits) await Promise.all(written);
            } else if (act.do === 'attach') await attach(act.reader, act.at, act.from);
            else if (act.do === 'drain') current[act.reader]?.drain(act.room);
            else if (act.do === 'deliver') hints.deliver();
            else if (act.do === 'look') hints.look(act.at);
            else await turns(act.turns);
          }
          await attach(0, 1 - ender, 'oldest');
          // Committed, though the writer may not know it yet.
          for (let look = 0; (await newest()) < count && look < 10_000; look++) await turns(1);
          await Promise.all([logs[ender].end(stream), ...waiting]);
          // What is lost is made up for by a look, and what is given out of order changes nothing after it.
          const deadline = Date.now() + 20_000;
          for (let look = 0; look < 3; look++) {
            await turns(120);
            hints.deliver();
            for (const at of [0, 1]) hints.look(at);
            for (let turn = 0; turn < 150; turn++) {
              for (const ledger of current) ledger?.drain(50);
              await turns(1);
            }
          }
          while (Date.now() < deadline && name === 'postgres' && current.some((ledger) => ledger?.ended === null)) {
            for (const ledger of current) ledger?.drain(50);
            await turns(10);
          }
          const payloads = new Map<number, unknown>();
          for (const ledger of all) {
            expect(ledger.wrong).toEqual([]);
            for (const [from, , payload] of ledger.log.filter((entry) => entry[2] !== null)) {
              expect(payloads.get(from) ?? payload).toBe(payload);
              payloads.set(from, payload);
            }
          }
          expect(new Set(payloads.values()).size).toBe(payloads.size);
          for (const ledger of current.filter((each) => each !== undefined)) {
            expect(ledger.ended).toBe('ended');
            expect(ledger.next).toBe(count + 1);
          }
          for (const log of logs) await log.close();
        }),
        { numRuns: Number(process.env.STREAM_RUNS ?? runs), ...(process.env.STREAM_SEED ? { seed: Number(process.env.STREAM_SEED) } : {}) },
      );
    });
  });
}
