/** Where a reader of a log stands: so that it can go on there over another connection, exactly. */
export interface LogPlace {
  /** Time stamp of the line that it is in, as it was written; null = before the first. */
  stamp: string | null;
  /** How many lines began with that stamp, this one included. */
  count: number;
  /** Bytes of that line that were read, its end included. */
  bytes: number;
}

/** Bytes of a time stamp at most: RFC 3339 with nine digits and a zone. */
const STAMP_BYTES = 48;

/**
 * Takes a log apart that the kubelet wrote with a time stamp before each line (`timestamps=true`): pieces come out without them, byte for byte what
 * the container wrote. With a place to go on from, the lines up to there are left out. The file may have been rotated in between: then it goes on
 * with the first line that is younger.
 */
export class LogReader {
  readonly place: LogPlace;
  #skipTo: LogPlace | null;
  #seen = 0;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #inLine = false;
  /** Bytes of the current line that are still left out; Infinity = all of it. */
  #skip = 0;

  constructor(place: LogPlace) {
    this.place = place;
    this.#skipTo = place.stamp === null ? null : { ...place };
  }

  take(chunk: Buffer): Buffer {
    const out: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (!this.#inLine) {
        const space = chunk.indexOf(32, at);
        const end = space < 0 ? chunk.length : space;
        this.#pending.push(chunk.subarray(at, end));
        this.#pendingBytes += end - at;
        if (this.#pendingBytes > STAMP_BYTES) throw new Error('a line of the log has no time stamp');
        at = end;
        if (space < 0) break;
        at += 1;
        this.#begin(Buffer.concat(this.#pending).toString('latin1'));
        this.#pending = [];
        this.#pendingBytes = 0;
        continue;
      }
      const newline = chunk.indexOf(10, at);
      const end = newline < 0 ? chunk.length : newline + 1;
      const piece = chunk.subarray(at, end);
      const left = Math.min(this.#skip, piece.length);
      this.#skip -= left;
      if (left < piece.length) {
        out.push(piece.subarray(left));
        this.place.bytes += piece.length - left;
      }
      if (newline >= 0) this.#inLine = false;
      at = end;
    }
    return out.length === 1 ? out[0] : Buffer.concat(out);
  }

  /** Stamps have one width and one zone: they compare as text. */
  #begin(stamp: string): void {
    this.#inLine = true;
    const goal = this.#skipTo;
    if (goal === null) {
      this.place.count = this.place.stamp === stamp ? this.place.count + 1 : 1;
      this.place.stamp = stamp;
      this.place.bytes = 0;
      this.#skip = 0;
      return;
    }
    if (stamp === goal.stamp) this.#seen += 1;
    if (stamp === goal.stamp && this.#seen === goal.count) {
      // The line that was broken off in: its rest, and then all.
      this.#skip = goal.bytes;
      this.#skipTo = null;
    } else if (this.#seen < goal.count && stamp > goal.stamp!) {
      this.#skipTo = null;
      this.#begin(stamp);
    } else {
      this.#skip = Number.POSITIVE_INFINITY;
    }
  }
}
