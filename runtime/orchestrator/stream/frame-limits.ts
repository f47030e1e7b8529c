/** What frames may take. */
export interface FrameLimits {
  /** Of one stream: frames, and bytes of their payloads. */
  readonly frames: number;
  readonly bytes: number;
  /** Bytes of all streams. */
  readonly total: number;
  /** How long a stream that nothing happens to is remembered, in ms. */
  readonly retention: number;
}

/** Most bytes of a frame's payload; of a larger one the beginning is kept, and its size. */
export const MOST_PAYLOAD = 64 * 1024;
