import type { EndWatch } from './end-watch.ts';

const LF = 10;
const CR = 13;
/** Bytes of a line that its field and the kind of its event stand in. The last event of the Responses API repeats the whole answer. */
const HEAD = 128;
const CLOSE_BRACE = 125;

/** Server-sent events, known by their name or, where a server sends none, by the `type` that their data begins with. Holds no event. */
export class EventEndWatch implements EndWatch {
  readonly #ends: ReadonlySet<string>;
  readonly #head = Buffer.allocUnsafeSlow(HEAD);
  /** Of the line that has not ended yet. */
  #length = 0;
  #last = 0;
  #name = '';
  #hasData = false;
  isTerminated = false;
  events = 0;

  constructor(ends: ReadonlySet<string>) {
    this.#ends = ends;
  }

  get gap(): string {
    if (this.#length > 0) return '\n\n';
    return this.#hasData || this.#name !== '' ? '\n' : '';
  }

  take(chunk: Buffer): void {
    let at = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, at)) {
      this.#keep(chunk, at, end);
      this.#read();
      at = end + 1;
    }
    this.#keep(chunk, at, chunk.length);
  }

  finish(): void {
    // A server may close before the last line feed, but not within the data.
    if (this.#length > 0 && this.#last === CLOSE_BRACE) this.#read();
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    if (this.#length < HEAD) chunk.copy(this.#head, this.#length, from, Math.min(to, from + HEAD - this.#length));
    if (to > from) this.#last = chunk[to - 1];
    this.#length += to - from;
  }

  #read(): void {
    const length = this.#length;
    this.#length = 0;
    if (length === 0 || (length === 1 && this.#head[0] === CR)) {
      if (this.#hasData) this.events++;
      this.#hasData = false;
      this.#name = '';
      return;
    }
    const line = this.#head.toString('latin1', 0, Math.min(length, HEAD));
    if (line.startsWith('event:')) this.#name = line.slice(6).trim();
    else if (line.startsWith('data:')) {
      this.#hasData = true;
      const kind = this.#name === '' ? /^data: ?\{ ?"type": ?"([^"]+)"/.exec(line)?.[1] : this.#name;
      if (kind !== undefined && this.#ends.has(kind)) this.isTerminated = true;
    }
  }
}
