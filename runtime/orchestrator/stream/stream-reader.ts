import type { Frames, FrameWatcher, StreamState, WireFrame } from './frames.ts';

/** Bytes that are read at once. */
const PAGE = 64 * 1024;
/** Streams that one reader follows. */
export const MOST_FOLLOWED = 4_096;

/** Why a reader has come to its end. `ended`: all its streams have, and it has read them. */
export type ReaderEnd = 'ended' | 'closing' | 'too-many' | 'failed';

/** Where frames go: a socket. What it was given is in its hands; a reader asks whether it has room before it reads more. */
export interface FrameSink {
  frame(frame: WireFrame): void;
  /** A `status` frame that is not remembered. */
  status(stream: string | null, payload: object): void;
  full(): boolean;
  end(reason: ReaderEnd): void;
}

/** Where a reader begins in a stream: a number; null = the oldest that is there, with nothing missed. */
export type Start = number | null;

interface Cursor {
  next: Start;
  /** `createdAt` of the stream that `next` is a place in; null = not read yet. */
  of: number | null;
  over: boolean;
}

/**
 * Reads streams into a sink: every frame once and in order, or a word about what was missed. It holds no frames: what the sink has no room
 * for stays where it is, and is read when there is room. So a reader that stalls costs its cursors.
 */
export class StreamReader implements FrameWatcher {
  readonly streams: ReadonlySet<string> | null;
  readonly #frames: Frames;
  readonly #sink: FrameSink;
  readonly #mayRead: (state: StreamState) => boolean;
  readonly #cursors = new Map<string, Cursor>();
  /** Cursors that something changed for, in order. */
  readonly #changed = new Set<string>();
  #running = false;
  #ended = false;

  /**
   * @param starts the streams, each with its beginning.
   * @param all follow those that come to be, too, as far as `mayRead` says.
   */
  constructor(frames: Frames, sink: FrameSink, starts: ReadonlyMap<string, Start>, all: ((state: StreamState) => boolean) | null) {
    this.#frames = frames;
    this.#sink = sink;
    this.#mayRead = all ?? (() => true);
    this.streams = all === null ? new Set(starts.keys()) : null;
    for (const [stream, next] of starts) {
      this.#cursors.set(stream, { next, of: null, over: false });
      this.#changed.add(stream);
    }
  }

  /** Begins: from now on the sink is given frames, until its end or `stop`. */
  start(): void {
    if (!this.#frames.watch(this)) this.#end('closing');
    else this.pump();
  }

  stop(): void {
    this.#ended = true;
    this.#frames.unwatch(this);
  }

  changed(stream: string): void {
    this.#changed.add(stream);
    this.pump();
  }

  closing(): void {
    this.#end('closing');
  }

  /** There is something to read, or room for it. */
  pump(): void {
    if (this.#running || this.#ended) return;
    this.#running = true;
    this.#run()
      .catch(() => this.#end('failed'))
      .finally(() => {
        this.#running = false;
        // It came between the last look and here.
        if (!this.#ended && this.#changed.size > 0 && !this.#sink.full()) this.pump();
      });
  }

  async #run(): Promise<void> {
    for (const stream of this.#changed) {
      if (this.#ended || this.#sink.full()) return;
      // Before the reading: what comes during it is not lost.
      this.#changed.delete(stream);
      const cursor = await this.#find(stream);
      // Others first, where there is more: each gets its turn.
      if (cursor !== null && !this.#ended && (await this.#readOn(stream, cursor))) this.#changed.add(stream);
    }
    if (!this.#ended && this.streams !== null && [...this.#cursors.values()].every(({ over }) => over)) this.#end('ended');
  }

  async #find(stream: string): Promise<Cursor | null> {
    const known = this.#cursors.get(stream);
    if (known !== undefined) return known;
    const state = await this.#frames.state(stream);
    if (state === null || !this.#mayRead(state)) return null;
    if (this.#cursors.size >= MOST_FOLLOWED) this.#drop();
    if (this.#cursors.size >= MOST_FOLLOWED) {
      this.#end('too-many');
      return null;
    }
    const cursor: Cursor = { next: null, of: null, over: false };
    this.#cursors.set(stream, cursor);
    return cursor;
  }

  /** Forgets a stream that has ended: no frames come from it. */
  #drop(): void {
    for (const [stream, { over }] of this.#cursors) {
      if (!over) continue;
      this.#cursors.delete(stream);
      return;
    }
  }

  /** Whether there may be more. */
  async #readOn(stream: string, cursor: Cursor): Promise<boolean> {
    const from = cursor.next ?? 1;
    const { state, frames } = await this.#frames.read(stream, from, PAGE);
    if (this.#ended) return false;
    if (state === null) {
      // Forgotten as a whole. Were it to begin anew, it would with 1.
      if (cursor.next !== null && !cursor.over) this.#sink.status(stream, { state: 'forgotten', next: cursor.next });
      cursor.over = true;
      return false;
    }
    // Forgotten, and begun anew: its numbers are others, even where they are as far as those that were read.
    const other = cursor.of !== null && cursor.of < state.createdAt;
    cursor.of = Math.max(cursor.of ?? 0, state.createdAt);
    if (cursor.next !== null && (other || state.newest < cursor.next - 1)) {
      this.#sink.status(stream, { restarted: { next: cursor.next, oldest: state.oldest, newest: state.newest } });
      cursor.next = state.oldest;
      cursor.over = false;
      return true;
    }
    const first = frames[0]?.seq ?? Math.max(from, state.oldest);
    if (first > from && cursor.next !== null) {
      this.#sink.status(stream, { missed: { from, to: first - 1, count: first - from } });
    }
    cursor.next = first;
    for (const frame of frames) {
      this.#sink.frame(frame);
      cursor.next = frame.seq + 1;
    }
    cursor.over = state.ended && cursor.next > state.newest;
    return frames.length > 0;
  }

  #end(reason: ReaderEnd): void {
    if (this.#ended) return;
    this.stop();
    this.#sink.end(reason);
  }
}
