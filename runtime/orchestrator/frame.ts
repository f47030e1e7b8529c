/** What a stream carries (requirement C6). */
export const FRAME_TYPES = ['status', 'log', 'result', 'error', 'heartbeat'] as const;
export type FrameType = (typeof FRAME_TYPES)[number];

/** A frame that is remembered. `seq` grows by one within its stream, from 1; heartbeats and notices of what was missed have none. */
export interface StoredFrame {
  readonly stream: string;
  readonly seq: number;
  readonly type: Exclude<FrameType, 'heartbeat'>;
  /** Ms since 1970. */
  readonly ts: number;
  readonly payload: unknown;
}

/**
 * Frames by stream: remembered, bounded, told to who listens. A stream is a job, a run of a Spec-Kit command (`spec-…`), a task
 * of the pool. Who reads begins where it wants and gets every frame once, in order, or is told which it missed.
 */
export interface FrameLog {
  /** Durable when it resolves; frames that come together share a commit. `owner`: the caller whose stream it is, null = nobody's in particular. */
  append(stream: string, owner: string | null, type: StoredFrame['type'], payload: unknown): Promise<void>;
  /** No more frames come; readers are closed when they have read all. Its last frame should be a `result` or an `error`. */
  end(stream: string): Promise<void>;
}
