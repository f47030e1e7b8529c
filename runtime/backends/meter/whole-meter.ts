import type { Usage } from '../../../schema/usage.ts';
import type { JsonObject } from '../translate/json-object.ts';
import { ByteTail } from './byte-tail.ts';
import { findUsage } from './find-usage.ts';
import type { Meter } from './meter.ts';

/** Usage stands at the end of every answer that is known, or at its beginning; content may be megabytes. */
const TAIL = 4_096;
const HEAD = 2_048;

/** An answer that is one JSON object with a member `usage`. */
export class WholeMeter implements Meter {
  readonly #read: (usage: JsonObject) => Usage | null;
  readonly #tail = new ByteTail(TAIL);
  #head = '';
  #bytes = 0;
  usage: Usage | null = null;

  constructor(read: (usage: JsonObject) => Usage | null) {
    this.#read = read;
  }

  get characters(): number {
    return this.#bytes;
  }

  see(chunk: Buffer): void {
    if (this.#bytes < HEAD) this.#head += chunk.toString('latin1', 0, HEAD - this.#bytes);
    this.#bytes += chunk.length;
    this.#tail.add(chunk);
  }

  end(): void {
    const found = findUsage(this.#tail.toString()) ?? findUsage(this.#head);
    this.usage = found === null ? null : this.#read(found);
  }
}
