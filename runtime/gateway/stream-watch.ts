const EVENT_END = Buffer.from('\n\n');
/** Bytes at the end of a stream that its last events stand in: a finish, a usage, `[DONE]`. */
const TAIL = 4_096;

const CHAT_END = /(?:^|\n)data: ?(?:\[DONE\]\s*$|\{"error": ?[^\n]*\n\s*$)/;

/**
 * Sees the server-sent events of a chat completion go by, for what must be known at its end: did it come to one? Bytes are copied and looked at
 * only then. Source: https://platform.openai.com/docs/api-reference/chat/streaming
 */
export class StreamWatch {
  readonly #kept = Buffer.allocUnsafeSlow(2 * TAIL);
  #size = 0;
  #events = 0;
  #between = true;

  get events(): number {
    return this.#events;
  }

  /** Does what came so far end an event? */
  get between(): boolean {
    return this.#between;
  }

  take(chunk: Buffer): void {
    for (let at = chunk.indexOf(EVENT_END); at !== -1; at = chunk.indexOf(EVENT_END, at + 2)) this.#events++;
    const last = chunk[chunk.length - 1];
    this.#between = last === 10 && (chunk.length === 1 ? this.#between : chunk[chunk.length - 2] === 10);
    const wanted = chunk.length > TAIL ? chunk.subarray(chunk.length - TAIL) : chunk;
    if (this.#size + wanted.length > this.#kept.length) {
      this.#kept.copyWithin(0, this.#size - TAIL, this.#size);
      this.#size = TAIL;
    }
    this.#size += wanted.copy(this.#kept, this.#size);
  }

  /** The event that ends it is there: `[DONE]`, or the backend's own error. Another one must not follow. */
  isTerminated(): boolean {
    return CHAT_END.test(this.#readTail());
  }

  /** Its answer is whole: some servers say why they finished and leave `[DONE]` out. */
  isWhole(): boolean {
    return this.isTerminated() || /"finish_reason": ?"/.test(this.#readTail());
  }

  #readTail(): string {
    return this.#kept.toString('latin1', Math.max(0, this.#size - TAIL), this.#size);
  }
}
