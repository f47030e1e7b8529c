import type { Store } from '../../store/store.ts';
import type { FramePage, StreamState, WireFrame } from './frames.ts';
import { readState } from './store-frames.ts';
import type { FrameTables } from './tables.ts';
import { writeFrame } from './write-frame.ts';

/** Most frames of one reading. */
const MOST = 512;

export async function readStream(store: Store, stream: string): Promise<StreamState | null> {
  const row = await store.tables<FrameTables>().selectFrom('frame_streams').selectAll().where('id', '=', stream).executeTakeFirst();
  return row === undefined ? null : readState(row);
}

/** Streams that `owner` may read (null = all), those touched last first. */
export async function listStreams(store: Store, owner: string | null, limit: number): Promise<StreamState[]> {
  let query = store.tables<FrameTables>().selectFrom('frame_streams').selectAll();
  if (owner !== null) query = query.where((row) => row.or([row('owner', '=', owner), row('owner', 'is', null)]));
  return (await query.orderBy('touched_at', 'desc').orderBy('id').limit(limit).execute()).map(readState);
}

/**
 * Frames of a stream from `from` on. The state is read first: what is trimmed between the two is missing at the beginning of the frames,
 * so that the state is read again until it holds for them.
 */
export async function readFrames(store: Store, stream: string, from: number, bytes: number): Promise<FramePage> {
  for (;;) {
    const state = await readStream(store, stream);
    if (state === null || from > state.newest || state.oldest > state.newest) return { state, frames: [] };
    const first = Math.max(from, state.oldest);
    const sizes = await store
      .tables<FrameTables>()
      .selectFrom('frames')
      .select(['seq', 'bytes'])
      .where('stream', '=', stream)
      .where('seq', '>=', first)
      .orderBy('seq')
      .limit(MOST)
      .execute();
    if (sizes[0]?.seq !== first) continue;
    let last = first;
    let size = 0;
    for (const row of sizes) {
      if (size >= bytes) break;
      size += row.bytes;
      last = row.seq;
    }
    const rows = await store
      .tables<FrameTables>()
      .selectFrom('frames')
      .selectAll()
      .where('stream', '=', stream)
      .where('seq', '>=', first)
      .where('seq', '<=', last)
      .orderBy('seq')
      .execute();
    if (rows[0]?.seq !== first) continue;
    const frames: WireFrame[] = rows.map((row) => writeFrame(stream, row.seq, row.type, row.ts, row.payload));
    return { state, frames };
  }
}
