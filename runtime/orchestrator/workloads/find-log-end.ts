import type { Frames } from '../stream/frames.ts';

/** Frames that are read at once, and times. */
const PAGE = 64;
const PAGES = 16;
const BYTES = 8 << 20;

/** Bytes of a run's output that its stream has: where whoever takes it over goes on, without a gap and without a byte twice. */
export async function findLogEnd(frames: Pick<Frames, 'state' | 'read'>, job: string, attempt: number): Promise<number> {
  const state = await frames.state(job);
  if (state === null) return 0;
  let to = state.newest;
  for (let page = 0; page < PAGES && to >= state.oldest; page++) {
    const from = Math.max(state.oldest, to - PAGE + 1);
    const read = await frames.read(job, from, BYTES);
    for (const { seq, type, json } of read.frames.toReversed()) {
      if (seq > to || type !== 'log') continue;
      const { payload } = JSON.parse(json.toString('utf8')) as { payload: { attempt?: number; from?: number; bytes?: number } };
      if (payload.attempt === attempt) return (payload.from ?? 0) + (payload.bytes ?? 0);
      if ((payload.attempt ?? 0) < attempt) return 0;
    }
    to = from - 1;
  }
  return 0;
}
