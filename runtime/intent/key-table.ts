/** Keys that a scan looks for, found by their bytes: no string is made for a key. */
export class KeyTable<Name extends string> {
  readonly #byLength: { readonly name: Name; readonly bytes: Buffer }[][] = [];
  readonly #names: ReadonlySet<string>;

  constructor(names: readonly Name[]) {
    this.#names = new Set(names);
    for (const name of names) {
      const bytes = Buffer.from(JSON.stringify(name));
      while (this.#byLength.length <= bytes.length) this.#byLength.push([]);
      this.#byLength[bytes.length].push({ name, bytes });
    }
  }

  /** The name of the key that stands, with its quotes, at `start` to `end`; with escapes, a key may be spelled in many ways. */
  find(buffer: Buffer, start: number, end: number): Name | undefined {
    const size = end - start;
    if (size < this.#byLength.length) {
      for (const { name, bytes } of this.#byLength[size]) {
        let at = 0;
        while (at < size && buffer[start + at] === bytes[at]) at++;
        if (at === size) return name;
      }
    }
    for (let at = start; at < end; at++) {
      if (buffer[at] !== 0x5c) continue;
      const key: string = JSON.parse(buffer.toString('utf8', start, end));
      return this.#names.has(key) ? (key as Name) : undefined;
    }
    return undefined;
  }
}
