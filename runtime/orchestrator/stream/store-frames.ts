import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import type { StoredFrame } from '../frame.ts';
import type { FrameLimits } from './frame-limits.ts';
import type { StreamState } from './frames.ts';
import type { FrameTables } from './tables.ts';
import { trimStream } from './trim-stream.ts';

/** What is to be written: a frame, or with a `type` of null the end of its stream. */
export interface Entry {
  readonly stream: string;
  readonly owner: string | null;
  readonly type: StoredFrame['type'] | null;
  readonly ts: number;
  /** JSON. */
  readonly payload: string;
  readonly bytes: number;
}

/** A stream after a batch, and the frames of the batch with their numbers. */
export interface Written {
  readonly state: StreamState;
  readonly frames: readonly { readonly seq: number; readonly entry: Entry }[];
}

/** Rows of one statement. */
const ROWS = 500;

/**
 * Gives the entries their numbers and writes them. The row of a stream is taken first and kept to the commit, so that numbers become
 * visible in their order; streams go by name, so that two batches never wait for each other.
 */
export async function storeFrames(
  transaction: Transaction<FrameTables>,
  entries: readonly Entry[],
  limits: FrameLimits,
  now: number,
): Promise<Written[]> {
  const byStream = Map.groupBy(entries, ({ stream }) => stream);
  const written: Written[] = [];
  const rows: FrameTables['frames'][] = [];
  const grown: FrameTables['frame_streams'][] = [];
  for (const stream of [...byStream.keys()].sort()) {
    const all = byStream.get(stream)!;
    const frames = all.filter(({ type }) => type !== null);
    const ended = frames.length < all.length ? 1 : 0;
    const bytes = frames.reduce((sum, entry) => sum + entry.bytes, 0);
    const row = await transaction
      .insertInto('frame_streams')
      .values({ id: stream, owner: all[0].owner, oldest: 1, newest: frames.length, bytes, ended, created_at: now, touched_at: now })
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet({
          newest: sql<number>`frame_streams.newest + ${frames.length}`,
          bytes: sql<number>`frame_streams.bytes + ${bytes}`,
          ended: sql<number>`case when ${ended} = 1 then 1 else frame_streams.ended end`,
          touched_at: sql<number>`case when frame_streams.touched_at > ${now} then frame_streams.touched_at else ${now} end`,
        }),
      )
      .returningAll()
      .executeTakeFirstOrThrow();
    const first = row.newest - frames.length + 1;
    const numbered = frames.map((entry, index) => ({ seq: first + index, entry }));
    for (const { seq, entry } of numbered) {
      rows.push({ stream, seq, type: entry.type!, ts: entry.ts, payload: entry.payload, bytes: entry.bytes });
    }
    grown.push(row);
    written.push({ state: readState(row), frames: numbered });
  }
  for (let at = 0; at < rows.length; at += ROWS) {
    await transaction
      .insertInto('frames')
      .values(rows.slice(at, at + ROWS))
      .execute();
  }
  for (const [index, row] of grown.entries()) {
    const oldest = await trimStream(transaction, row, limits);
    if (oldest !== row.oldest) written[index] = { ...written[index], state: { ...written[index].state, oldest } };
  }
  return written;
}

export function readState({ id, owner, oldest, newest, ended, created_at, touched_at }: FrameTables['frame_streams']): StreamState {
  return { stream: id, owner, oldest, newest, ended: ended === 1, createdAt: created_at, touchedAt: touched_at };
}
