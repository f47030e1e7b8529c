import { TranslationError } from './translator.ts';

const LF = 10;
const CR = 13;
/** Room for an unfinished line that is kept from event to event. */
const KEPT = 16 * 1024;

/**
 * Server-sent events out of bytes that may be cut anywhere, inside a character or between CR and LF too. Lines end in LF, CRLF or CR;
 * comments and the fields `id` and `retry` are dropped; an event without data is none. One event may hold `limit` bytes.
 * Source of the format: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class SseEvents {
  readonly #take: (data: string, event: string) => void;
  readonly #limit: number;
  /** The unfinished line. Its own memory: a view would keep the whole chunk alive. */
  #line = Buffer.allocUnsafeSlow(1024);
  #lineLength = 0;
  #data: string | null = null;
  #dataLength = 0;
  #event = '';
  #afterCr = false;
  #isFirst = true;

  /** @param take is called with each event's data and its name (`message` where it has none). */
  constructor(take: (data: string, event: string) => void, limit = 1024 * 1024) {
    this.#take = take;
    this.#limit = limit;
  }

  /** @throws TranslationError where one event is larger than the limit. */
  push(chunk: Buffer): void {
    let at = 0;
    let lf = chunk.indexOf(LF);
    let cr = chunk.indexOf(CR);
    while (at < chunk.length) {
      if (this.#afterCr) {
        this.#afterCr = false;
        if (chunk[at] === LF) {
          at++;
          continue;
        }
      }
      if (lf !== -1 && lf < at) lf = chunk.indexOf(LF, at);
      if (cr !== -1 && cr < at) cr = chunk.indexOf(CR, at);
      const end = lf === -1 ? cr : cr === -1 ? lf : Math.min(lf, cr);
      if (end === -1) {
        this.#keep(chunk, at, chunk.length);
        return;
      }
      if (this.#lineLength > 0) {
        this.#keep(chunk, at, end);
        this.#readKept();
      } else {
        this.#bound(end - at);
        this.#read(chunk, at, end);
      }
      this.#afterCr = chunk[end] === CR;
      at = end + 1;
    }
  }

  /** The bytes ended: an event whose last blank line is missing is taken as it is, since servers exist that close before it. */
  end(): void {
    if (this.#lineLength > 0) this.#readKept();
    this.#dispatch();
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const length = this.#lineLength + end - start;
    this.#bound(length);
    if (length > this.#line.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#line.length));
      this.#line.copy(larger, 0, 0, this.#lineLength);
      this.#line = larger;
    }
    chunk.copy(this.#line, this.#lineLength, start, end);
    this.#lineLength = length;
  }

  #readKept(): void {
    const line = this.#line;
    const length = this.#lineLength;
    this.#lineLength = 0;
    if (line.length > KEPT) this.#line = Buffer.allocUnsafeSlow(1024);
    this.#read(line, 0, length);
  }

  #bound(lineLength: number): void {
    if (this.#dataLength + lineLength > this.#limit)
      throw new TranslationError(`an event of the stream is larger than ${this.#limit} bytes`);
  }

  #read(bytes: Buffer, start: number, end: number): void {
    if (this.#isFirst) {
      this.#isFirst = false;
      if (bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) start += 3;
    }
    if (start >= end) {
      this.#dispatch();
      return;
    }
    const line = bytes.toString('utf8', start, end);
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    if (name !== 'data' && name !== 'event') return;
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'event') {
      this.#event = value;
      return;
    }
    this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
    this.#dataLength += end - start;
  }

  #dispatch(): void {
    const data = this.#data;
    const event = this.#event;
    this.#data = null;
    this.#dataLength = 0;
    this.#event = '';
    if (data !== null && data !== '') this.#take(data, event === '' ? 'message' : event);
  }
}
