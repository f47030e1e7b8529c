import type { StoredFrame } from '../frame.ts';
import type { WireFrame } from './frames.ts';

/** A frame as it goes out. `payload` is JSON already. */
export function writeFrame(stream: string, seq: number, type: StoredFrame['type'], ts: number, payload: string): WireFrame {
  const json = Buffer.from(`{"type":"${type}","ts":${ts},"seq":${seq},"stream":${JSON.stringify(stream)},"payload":${payload}}`);
  return { stream, seq, type, json };
}
