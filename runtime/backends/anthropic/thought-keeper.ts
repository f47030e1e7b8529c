import type { CarriedThoughts } from './thought-id.ts';

/** Most characters of thoughts that are kept for one call. */
const MOST = 64 * 1024;

/**
 * Keeps an answer's thoughts until the call that they led to, which carries them. Bounded: where one call's are too long to be carried,
 * or can't be sent back, this and every later call of the answer carries nothing, since the thoughts must come back all or not at all.
 */
export class ThoughtKeeper {
  #thoughts: CarriedThoughts['thoughts'][number][] = [];
  #length = 0;
  #hasThought = false;
  #isLost = false;

  keepThinking(at: number, thinking: string, signature: string): void {
    // A thought without a signature is refused when it comes back.
    if (signature === '') this.#lose();
    else this.#keep(thinking.length + signature.length, { at, block: { type: 'thinking', thinking, signature } });
  }

  keepRedacted(at: number, data: string): void {
    this.#keep(data.length, { at, block: { type: 'redacted_thinking', data } });
  }

  /**
   * A call: everything thought since the last one. After a first thought every call carries at least its place, so that it is found
   * again between the texts; null = nothing.
   */
  take(at: number): CarriedThoughts | null {
    const thoughts = this.#thoughts;
    this.#thoughts = [];
    this.#length = 0;
    return this.#hasThought && !this.#isLost ? { at, thoughts } : null;
  }

  #keep(length: number, thought: CarriedThoughts['thoughts'][number]): void {
    this.#hasThought = true;
    this.#length += length;
    if (this.#length > MOST) this.#lose();
    else this.#thoughts.push(thought);
  }

  #lose(): void {
    this.#isLost = true;
    this.#thoughts = [];
  }
}
