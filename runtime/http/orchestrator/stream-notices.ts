import type { StreamState } from '../../orchestrator/stream/frames.ts';

/** A frame that is not remembered, and so has no number. */
export function writeNotice(type: 'status' | 'heartbeat', stream: string | null, payload: object): string {
  return JSON.stringify({ type, ts: Date.now(), ...(stream === null ? {} : { stream }), payload });
}

/** Streams as a reader is told of them when it begins. */
export function describeStreams(states: readonly StreamState[]): object[] {
  return states.map(({ stream, oldest, newest, ended }) => ({ stream, state: ended ? 'ended' : 'open', oldest, newest }));
}
