/** What may be going on at once. */
export interface AdmissionLimits {
  readonly maxRequests: number;
  readonly maxStreamsPerCaller: number;
  /** Bytes of request bodies. */
  readonly bodyMemory: number;
}

/** Counts what is going on, over all callers and by caller: what has no limit is a way to take the server from the others. */
export class Admission {
  readonly #limits: AdmissionLimits;
  #requests = 0;
  #bytes = 0;
  /** By the caller's name, so that it outlives a swap; a caller without a stream has no entry. */
  readonly #streams = new Map<string, number>();

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get streams(): number {
    let sum = 0;
    for (const count of this.#streams.values()) sum += count;
    return sum;
  }

  /** False where there are too many: then nothing was counted. The same holds for `hold` and `open`. */
  enter(): boolean {
    if (this.#requests >= this.#limits.maxRequests) return false;
    this.#requests++;
    return true;
  }

  leave(): void {
    this.#requests--;
  }

  hold(bytes: number): boolean {
    if (this.#bytes + bytes > this.#limits.bodyMemory) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  openStream(caller: string): boolean {
    const open = this.#streams.get(caller) ?? 0;
    if (open >= this.#limits.maxStreamsPerCaller) return false;
    this.#streams.set(caller, open + 1);
    return true;
  }

  closeStream(caller: string): void {
    const open = this.#streams.get(caller)! - 1;
    if (open > 0) this.#streams.set(caller, open);
    else this.#streams.delete(caller);
  }
}
