/** The last bytes of what went by: at least `size` of them where there were so many. Its own memory, of two sizes. */
export class ByteTail {
  readonly #size: number;
  readonly #kept: Buffer;
  #length = 0;

  constructor(size: number) {
    this.#size = size;
    this.#kept = Buffer.allocUnsafeSlow(2 * size);
  }

  add(chunk: Buffer): void {
    const wanted = chunk.length > this.#size ? chunk.subarray(chunk.length - this.#size) : chunk;
    if (this.#length + wanted.length > this.#kept.length) {
      const rest = Math.min(this.#length, this.#size);
      this.#kept.copyWithin(0, this.#length - rest, this.#length);
      this.#length = rest;
    }
    this.#length += wanted.copy(this.#kept, this.#length);
  }

  toString(): string {
    return this.#kept.toString('latin1', 0, this.#length);
  }
}
