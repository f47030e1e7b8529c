import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from './api-error.ts';
import type { ApiServer } from './api-server.ts';
import { type LogPlace, LogReader } from './read-log.ts';
import { CONTAINER } from './write-pod.ts';

/** Ms without output after which the connection is taken for dead and made anew: nothing is lost or told twice by that. */
const SILENCE = 300_000;
/** Attempts for the log of a run that ended: its node may be gone for good. */
const MOST_FAILURES = 10;
const BACKOFF = { first: 200, most: 10_000 } as const;

export interface LogSource {
  readonly server: ApiServer;
  /** Path of the pod. */
  readonly path: string;
  /** Waits until the run is no longer pending. */
  settled(signal: AbortSignal): Promise<'running' | 'ended'>;
  readonly silence?: number;
}

/**
 * The output of a pod's container from byte `from` on. A piece is read from the connection when the one before was heard. A connection that breaks
 * is made anew, and goes on after the last byte that was heard: lines are told apart by their time stamps, so a rotated file does not matter to who
 * reads on. Over all connections the log is at an end when it was read to its end after the run's.
 */
export async function followLog(
  source: LogSource,
  from: number,
  hear: (bytes: Buffer) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const place: LogPlace = { stamp: null, count: 0, bytes: 0 };
  let skip = from;
  for (let failures = 0; !signal.aborted; ) {
    const state = await source.settled(signal);
    if (signal.aborted) return;
    try {
      const began = performance.now();
      let progress = false;
      await readOnce(source, state === 'running', place, signal, async (piece) => {
        progress = true;
        const left = Math.min(skip, piece.length);
        skip -= left;
        if (left < piece.length) await hear(piece.subarray(left));
      });
      if (state === 'ended') return;
      failures = progress || performance.now() - began > 1_000 ? 0 : failures + 1;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 'not_found') return;
      // 400: the container is waiting to start, or its node is not to be reached; the words are the kubelet's.
      if (error.fatal && error.code !== 'bad_request') throw error;
      if (state === 'ended' && error.code === 'bad_request') return;
      failures += 1;
      if (state === 'ended' && failures === MOST_FAILURES) throw error;
    }
    const wait = Math.random() * Math.min(BACKOFF.first * 2 ** failures, BACKOFF.most);
    await sleep(wait, null, { signal }).catch(() => {});
  }
}

async function readOnce(
  { server, path, silence = SILENCE }: LogSource,
  follow: boolean,
  place: LogPlace,
  signal: AbortSignal,
  hear: (bytes: Buffer) => Promise<void>,
): Promise<void> {
  const broken = new AbortController();
  const query: Record<string, string> = { container: CONTAINER, follow: String(follow), timestamps: 'true' };
  // Whole seconds: what the API takes. Lines of that second that were read already are left out below.
  if (place.stamp !== null) query.sinceTime = `${place.stamp.slice(0, 19)}Z`;
  const body = await server.open(`${path}/log`, query, AbortSignal.any([signal, broken.signal]));
  const reader = new LogReader(place);
  let timer = setTimeout(() => broken.abort(), silence);
  try {
    for await (const chunk of body) {
      clearTimeout(timer);
      const piece = reader.take(chunk);
      if (piece.length > 0) await hear(piece);
      if (signal.aborted) return;
      timer = setTimeout(() => broken.abort(), silence);
    }
  } finally {
    clearTimeout(timer);
  }
}
