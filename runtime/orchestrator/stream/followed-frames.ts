import { Counter, Gauge, type Registry } from 'prom-client';
import type { Store, Unsubscribe } from '../../store/store.ts';
import type { StoredFrame } from '../frame.ts';
import { forgetStreams } from './forget-streams.ts';
import type { FrameLimits } from './frame-limits.ts';
import { FrameRing } from './frame-ring.ts';
import { FrameWriter } from './frame-writer.ts';
import type { FramePage, Frames, FrameWatcher, StreamState } from './frames.ts';
import { listStreams, readFrames, readStream } from './read-frames.ts';
import { readState, type Written } from './store-frames.ts';
import type { FrameTables } from './tables.ts';
import { writeFrame } from './write-frame.ts';
import { writePayload } from './write-payload.ts';

/** Bytes of frames in memory. */
const RING = 32 * 1024 * 1024;
/** How often streams that are followed are looked at, in ms: hints of other processes may be lost. */
const LOOK = 1_000;
/** How often streams to be forgotten are looked for, in ms. */
const SWEEP = 60_000;
const CHANNEL = 'policyd_frames';
/** Bytes of a hint; PostgreSQL takes less than 8,000. */
const HINT = 7_000;
/** Streams of one question. */
const ASKED = 500;

/** What watchers were told of a stream that is not there any more: before its first number. */
const FORGOTTEN = -1;

/** How far a stream is: its newest number, and the end after it. */
const place = (newest: number, ended: boolean): number => (ended ? newest + 0.5 : newest);

/** What is around the frames beside their store. */
export interface FrameSurroundings {
  redact(text: string): string;
  readonly log: { warn(fields: object, message: string): void };
  readonly registry: Registry | null;
}

/** The frame log over a store: written in groups, read from memory where that can tell, told to who watches over all processes. */
export class FollowedFrames implements Frames {
  readonly #store: Store;
  readonly #limits: FrameLimits;
  readonly #around: FrameSurroundings;
  readonly #ring = new FrameRing(RING);
  readonly #writer: FrameWriter;
  readonly #all = new Set<FrameWatcher>();
  readonly #byStream = new Map<string, Set<FrameWatcher>>();
  /** The `place` that watchers of a stream were told of. */
  readonly #told = new Map<string, number>();
  readonly #counter: Counter | null;
  #unsubscribe: Unsubscribe | null = null;
  #look: NodeJS.Timeout | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #looking: Promise<void> | null = null;
  #sweeping: Promise<void> | null = null;
  #closing = false;
  #closed: Promise<void> | null = null;

  private constructor(store: Store, limits: FrameLimits, around: FrameSurroundings) {
    this.#store = store;
    this.#limits = limits;
    this.#around = around;
    this.#writer = new FrameWriter(store, limits, (written) => this.#take(written));
    this.#counter = around.registry === null ? null : this.#register(around.registry);
  }

  static async open(store: Store, limits: FrameLimits, around: FrameSurroundings): Promise<FollowedFrames> {
    const frames = new FollowedFrames(store, limits, around);
    frames.#unsubscribe = await store.subscribe(
      CHANNEL,
      (message) => frames.#hear(message),
      () => frames.#wakeAll(),
    );
    frames.#look = setInterval(() => frames.#lookAround(), LOOK).unref();
    frames.#sweep = setInterval(() => frames.#forget(), SWEEP).unref();
    return frames;
  }

  append(stream: string, owner: string | null, type: StoredFrame['type'], payload: unknown): Promise<void> {
    const json = writePayload(payload, this.#around.redact);
    return this.#writer.write({ stream, owner, type, ts: Date.now(), payload: json, bytes: Buffer.byteLength(json) });
  }

  end(stream: string): Promise<void> {
    return this.#writer.write({ stream, owner: null, type: null, ts: Date.now(), payload: '', bytes: 0 });
  }

  async state(stream: string): Promise<StreamState | null> {
    const state = await readStream(this.#store, stream);
    if (state === null) this.#ring.forget(stream);
    else this.#ring.check(state);
    return state;
  }

  list(owner: string | null, limit: number): Promise<readonly StreamState[]> {
    return listStreams(this.#store, owner, limit);
  }

  async read(stream: string, from: number, bytes: number): Promise<FramePage> {
    const recent = this.#ring.read(stream, from, bytes);
    if (recent !== null && !this.#isBehind(stream, from, recent)) return recent;
    const page = await readFrames(this.#store, stream, from, bytes);
    if (page.state === null) this.#ring.forget(stream);
    else this.#ring.check(page.state);
    return page;
  }

  /** A batch of ours can come into memory after the hint of a later one of another process: then memory says that nothing more is there. */
  #isBehind(stream: string, from: number, { state, frames }: FramePage): boolean {
    if (state === null || frames.length > 0) return false;
    return state.newest < from - 1 || place(state.newest, state.ended) < (this.#told.get(stream) ?? 0);
  }

  watch(watcher: FrameWatcher): boolean {
    if (this.#closing) return false;
    if (watcher.streams === null) this.#all.add(watcher);
    else {
      for (const stream of watcher.streams) {
        const watchers = this.#byStream.get(stream) ?? new Set();
        this.#byStream.set(stream, watchers.add(watcher));
      }
    }
    return true;
  }

  unwatch(watcher: FrameWatcher): void {
    this.#all.delete(watcher);
    for (const stream of watcher.streams ?? []) {
      const watchers = this.#byStream.get(stream);
      watchers?.delete(watcher);
      if (watchers?.size !== 0) continue;
      this.#byStream.delete(stream);
      if (this.#all.size === 0) this.#told.delete(stream);
    }
    if (this.#all.size === 0 && this.#byStream.size === 0) this.#told.clear();
  }

  dismiss(): void {
    if (this.#closing) return;
    this.#closing = true;
    for (const watcher of this.#watchers()) watcher.closing();
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.dismiss();
    clearInterval(this.#look);
    clearInterval(this.#sweep);
    await this.#writer.close();
    await Promise.all([this.#looking, this.#sweeping]);
    await this.#unsubscribe?.();
  }

  #take(written: readonly Written[]): void {
    for (const { state, frames } of written) {
      const wire = frames.map(({ seq, entry }) => writeFrame(state.stream, seq, entry.type!, entry.ts, entry.payload));
      for (const { type } of wire) this.#counter?.inc({ type });
      this.#ring.add(state, wire);
      this.#tell(state.stream, state.newest, state.ended);
    }
    if (this.#store.kind === 'postgres') this.#publish(written);
  }

  /** Tells the other processes. A hint that is lost is made up for by looking. */
  #publish(written: readonly Written[]): void {
    let hint: [string, number, number][] = [];
    const send = (): void => {
      if (hint.length > 0) this.#store.publish(CHANNEL, JSON.stringify(hint)).catch(() => {});
      hint = [];
    };
    for (const { state } of written) {
      hint.push([state.stream, state.newest, state.ended ? 1 : 0]);
      if (JSON.stringify(hint).length > HINT - 1_000) send();
    }
    send();
  }

  #hear(message: string): void {
    for (const [stream, newest, ended] of JSON.parse(message) as [string, number, number][]) this.#tell(stream, newest, ended === 1);
  }

  #tell(stream: string, newest: number, ended: boolean): void {
    this.#ring.expire(stream, newest, ended);
    const watchers = this.#byStream.get(stream);
    if (watchers === undefined && this.#all.size === 0) return;
    const now = place(newest, ended);
    if (now <= (this.#told.get(stream) ?? 0)) return;
    this.#told.set(stream, now);
    for (const watcher of watchers ?? []) watcher.changed(stream);
    for (const watcher of this.#all) watcher.changed(stream);
  }

  /** What the store says. Where it is behind what was told before it was asked, the stream was forgotten and began anew. */
  #tellState(state: StreamState, before: number | undefined): void {
    this.#ring.check(state);
    if (before !== undefined && state.newest < Math.floor(before)) this.#told.delete(state.stream);
    this.#tell(state.stream, state.newest, state.ended);
  }

  /** A stream that is followed and not there any more. */
  #tellForgotten(stream: string): void {
    this.#ring.forget(stream);
    if (this.#told.get(stream) === FORGOTTEN) return;
    this.#told.set(stream, FORGOTTEN);
    for (const watcher of this.#byStream.get(stream) ?? []) watcher.changed(stream);
  }

  #watchers(): Set<FrameWatcher> {
    return new Set([...this.#all, ...[...this.#byStream.values()].flatMap((watchers) => [...watchers])]);
  }

  /** Hints were lost, nobody knows which. */
  #wakeAll(): void {
    this.#looking ??= this.#readStates().finally(() => {
      this.#looking = null;
    });
  }

  #lookAround(): void {
    if (this.#byStream.size > 0 || this.#all.size > 0) this.#wakeAll();
  }

  async #readStates(): Promise<void> {
    try {
      const before = new Map(this.#told);
      if (this.#all.size > 0) for (const state of await this.list(null, 1_024)) this.#tellState(state, before.get(state.stream));
      const followed = [...this.#byStream.keys()];
      for (let at = 0; at < followed.length; at += ASKED) {
        const asked = followed.slice(at, at + ASKED);
        const rows = await this.#store.tables<FrameTables>().selectFrom('frame_streams').selectAll().where('id', 'in', asked).execute();
        for (const row of rows) this.#tellState(readState(row), before.get(row.id));
        const found = new Set(rows.map(({ id }) => id));
        for (const stream of asked) if (!found.has(stream)) this.#tellForgotten(stream);
      }
    } catch (error) {
      this.#around.log.warn({ problem: (error as Error).message }, 'frames cannot be read');
    }
  }

  #forget(): void {
    this.#sweeping ??= forgetStreams(this.#store, this.#limits, Date.now())
      .then((streams) => {
        for (const stream of streams) this.#ring.forget(stream);
      })
      .catch((error: Error) => this.#around.log.warn({ problem: error.message }, 'frames cannot be forgotten'))
      .finally(() => {
        this.#sweeping = null;
      });
  }

  #register(registry: Registry): Counter {
    const writer = this.#writer;
    const ring = this.#ring;
    new Gauge({
      name: 'policyd_frames_waiting_bytes',
      help: 'bytes of frames that wait to be written',
      registers: [registry],
      collect() {
        this.set(writer.waiting);
      },
    });
    new Gauge({
      name: 'policyd_frames_memory_bytes',
      help: 'bytes of recent frames in memory',
      registers: [registry],
      collect() {
        this.set(ring.bytes);
      },
    });
    return new Counter({ name: 'policyd_frames_total', help: 'frames written, by type', labelNames: ['type'], registers: [registry] });
  }
}
