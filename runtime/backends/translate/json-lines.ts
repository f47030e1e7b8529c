import { TranslationError } from './translator.ts';

const LF = 10;
/** Room for an unfinished line that is kept from line to line. */
const KEPT = 16 * 1024;

/**
 * Lines of a newline-delimited JSON stream out of bytes that may be cut anywhere, inside a character too. Blank lines are none; one line
 * may hold `limit` bytes.
 * Source of the format: https://github.com/ndjson/ndjson-spec
 */
export class JsonLines {
  readonly #take: (line: string) => void;
  readonly #limit: number;
  /** The unfinished line. Its own memory: a view would keep the whole chunk alive. */
  #line = Buffer.allocUnsafeSlow(1024);
  #length = 0;

  constructor(take: (line: string) => void, limit = 1024 * 1024) {
    this.#take = take;
    this.#limit = limit;
  }

  /** @throws TranslationError where one line is larger than the limit. */
  push(chunk: Buffer): void {
    let at = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, at)) {
      if (this.#length > 0) {
        this.#keep(chunk, at, end);
        this.#readKept();
      } else {
        this.#bound(end - at);
        this.#read(chunk, at, end);
      }
      at = end + 1;
    }
    if (at < chunk.length) this.#keep(chunk, at, chunk.length);
  }

  /** The bytes ended: a last line without its line feed is one, too. */
  end(): void {
    if (this.#length > 0) this.#readKept();
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    this.#bound(length);
    if (length > this.#line.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#line.length));
      this.#line.copy(larger, 0, 0, this.#length);
      this.#line = larger;
    }
    chunk.copy(this.#line, this.#length, start, end);
    this.#length = length;
  }

  #readKept(): void {
    const line = this.#line;
    const length = this.#length;
    this.#length = 0;
    if (line.length > KEPT) this.#line = Buffer.allocUnsafeSlow(1024);
    this.#read(line, 0, length);
  }

  #bound(length: number): void {
    if (length > this.#limit) throw new TranslationError(`a line of the stream is larger than ${this.#limit} bytes`);
  }

  #read(bytes: Buffer, start: number, end: number): void {
    const line = bytes.toString('utf8', start, end).trim();
    if (line !== '') this.#take(line);
  }
}
