import type { FramePage, StreamState, WireFrame } from './frames.ts';

/** The newest frames of one stream, without a gap, and the state they belong to. */
interface Recent {
  state: StreamState;
  frames: WireFrame[];
  bytes: number;
}

/** What an entry takes beside its bytes, about. */
const ENTRY = 256;

/**
 * Recent frames in memory, so that thousands who follow a stream share one copy and ask no store. At most `most` bytes: streams that
 * nothing happened to for the longest time go first.
 */
export class FrameRing {
  readonly #most: number;
  readonly #streams = new Map<string, Recent>();
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What was written. Where something is missing between what is here and that, what is here goes. */
  add(state: StreamState, frames: readonly WireFrame[]): void {
    this.#forgetOther(state);
    const known = this.#streams.get(state.stream);
    if (known !== undefined && frames.length === 0 && state.newest <= known.state.newest) {
      known.state = { ...known.state, ended: known.state.ended || state.ended };
      return;
    }
    this.forget(state.stream);
    const follows = known !== undefined && known.state.newest + frames.length === state.newest;
    const recent: Recent = { state, frames: follows ? known.frames : [], bytes: follows ? known.bytes : ENTRY };
    for (const frame of frames) {
      recent.frames.push(frame);
      recent.bytes += frame.json.length + ENTRY;
    }
    this.#streams.set(state.stream, recent);
    this.#bytes += recent.bytes;
    this.#shrink(recent);
  }

  /** Somebody says that a stream is at `newest`: what is here goes where it is behind. */
  expire(stream: string, newest: number, ended: boolean): void {
    const known = this.#streams.get(stream);
    if (known !== undefined && (known.state.newest < newest || (ended && !known.state.ended))) this.forget(stream);
  }

  /** What the store says: as `expire`, and what is here of a stream that was forgotten and began anew goes. */
  check(state: StreamState): void {
    this.#forgetOther(state);
    this.expire(state.stream, state.newest, state.ended);
  }

  forget(stream: string): void {
    const known = this.#streams.get(stream);
    if (known === undefined) return;
    this.#streams.delete(stream);
    this.#bytes -= known.bytes;
  }

  /** Null where memory cannot tell. */
  read(stream: string, from: number, bytes: number): FramePage | null {
    const known = this.#streams.get(stream);
    if (known === undefined) return null;
    const { state, frames } = known;
    if (from > state.newest) return { state, frames: [] };
    const first = frames[0]?.seq;
    if (first === undefined || from < first) return null;
    const page: WireFrame[] = [];
    let size = 0;
    for (let row = from - first; row < frames.length && (size < bytes || page.length === 0); row++) {
      page.push(frames[row]);
      size += frames[row].json.length;
    }
    return { state, frames: page };
  }

  #forgetOther({ stream, createdAt }: StreamState): void {
    const known = this.#streams.get(stream);
    if (known !== undefined && known.state.createdAt !== createdAt) this.forget(stream);
  }

  /** A stream may have an eighth of all. */
  #shrink(recent: Recent): void {
    let gone = 0;
    while (recent.bytes > this.#most / 8 && gone < recent.frames.length) {
      const size = recent.frames[gone++].json.length + ENTRY;
      recent.bytes -= size;
      this.#bytes -= size;
    }
    if (gone > 0) recent.frames.splice(0, gone);
    for (const stream of this.#streams.keys()) {
      if (this.#bytes <= this.#most) return;
      this.forget(stream);
    }
  }
}
