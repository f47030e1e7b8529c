/** Refused hashes that are remembered. */
const KEPT = 64;

/** Artifacts that must not serve (again), by hash, and why. Bounded: the oldest refusal is forgotten first. */
export class Refusals {
  readonly #reasons = new Map<string, string>();

  add(hash: string, reason: string): void {
    this.#reasons.delete(hash);
    if (this.#reasons.size >= KEPT) this.#reasons.delete(this.#reasons.keys().next().value!);
    this.#reasons.set(hash, reason);
  }

  reasonFor(hash: string): string | null {
    return this.#reasons.get(hash) ?? null;
  }

  lift(hash: string): void {
    this.#reasons.delete(hash);
  }
}
