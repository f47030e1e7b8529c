import type { StoredFrame } from '../frame.ts';

/** The tables of `store/migrations/0004-frames.ts`. */
export interface FrameTables {
  /** `oldest` is the first that is still there, `newest` + 1 where none is; `bytes` is the sum over those that are. */
  frame_streams: {
    id: string;
    owner: string | null;
    oldest: number;
    newest: number;
    bytes: number;
    ended: number;
    created_at: number;
    touched_at: number;
  };
  /** `payload` is JSON, `bytes` what it takes. */
  frames: { stream: string; seq: number; type: StoredFrame['type']; ts: number; payload: string; bytes: number };
}
