import type { CarriedThoughts } from './thought-id.ts';

/** Most characters of thoughts that are kept for one call. */
const MOST = 64 * 1024;

/** Keeps an answer's thoughts until the call that they led to, which carries them. Bounded: what is too long to be carried is let go. */
export class ThoughtKeeper {
  #thoughts: CarriedThoughts['thoughts'][number][] = [];
  #length = 0;

  keepThinking(at: number, thinking: string, signature: string): void {
    // A thought without a signature is refused when it comes back.
    if (signature !== '') this.#keep(thinking.length + signature.length, { at, block: { type: 'thinking', thinking, signature } });
    else this.#length = MOST + 1;
  }

  keepRedacted(at: number, data: string): void {
    this.#keep(data.length, { at, block: { type: 'redacted_thinking', data } });
  }

  /** A call: everything thought since the last one, or nothing where a part of it is missing. */
  take(at: number): CarriedThoughts {
    const thoughts = this.#length > MOST ? [] : this.#thoughts;
    this.#thoughts = [];
    this.#length = 0;
    return { at, thoughts };
  }

  #keep(length: number, thought: CarriedThoughts['thoughts'][number]): void {
    this.#length += length;
    if (this.#length <= MOST) this.#thoughts.push(thought);
    else this.#thoughts = [];
  }
}
