import type { FrameLog, StoredFrame } from '../frame.ts';

/** A stream as it stands. */
export interface StreamState {
  readonly stream: string;
  /** Name of the caller whose it is; null = nobody's in particular, and everybody may read it. */
  readonly owner: string | null;
  /** The first frame that is still there; `newest` + 1 where none is. What came before it is gone. */
  readonly oldest: number;
  /** 0 = there was none yet. */
  readonly newest: number;
  readonly ended: boolean;
  /** Ms since 1970. A stream that was forgotten and began anew has another one. */
  readonly createdAt: number;
  readonly touchedAt: number;
}

/** A frame as it goes out: all of it as JSON. */
export interface WireFrame {
  readonly stream: string;
  readonly seq: number;
  readonly type: StoredFrame['type'];
  readonly json: Buffer;
}

/** Frames from a place on, in order, without a gap. */
export interface FramePage {
  /** Null where the stream is not known. */
  readonly state: StreamState | null;
  /** Begins at the place asked for, or at `state.oldest` where that is later. */
  readonly frames: readonly WireFrame[];
}

/** Told of what changes in streams. Both are hints: who is told reads. */
export interface FrameWatcher {
  /** The streams it hears of; null = all. */
  readonly streams: ReadonlySet<string> | null;
  changed(stream: string): void;
  /** The server goes down. */
  closing(): void;
}

/** The frame log, with reading. */
export interface Frames extends FrameLog {
  state(stream: string): Promise<StreamState | null>;
  /** Streams that `owner` may read (null = all there are), those touched last first. */
  list(owner: string | null, limit: number): Promise<readonly StreamState[]>;
  /**
   * At most about `bytes` bytes of frames from `from` on, at least one where there is one. What another process wrote is seen once its hint
   * came, or `state` was asked, or somebody watches the stream for a second. A `from` beyond what memory knows is asked of the store: a
   * state that is behind it is true.
   */
  read(stream: string, from: number, bytes: number): Promise<FramePage>;
  /** False once the server goes down. */
  watch(watcher: FrameWatcher): boolean;
  unwatch(watcher: FrameWatcher): void;
  /** The server goes down: watchers are told, and there are no new ones. Frames may still come. */
  dismiss(): void;
  /** Writes what waits, and ends. */
  close(): Promise<void>;
}
