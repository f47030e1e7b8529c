/** How often deadlines are looked at, in ms: the most by which one is missed. */
const TICK = 20;

/** Something that must end by a time. */
export interface Deadline {
  /** `performance.now()` from which on it is overdue. May change at any time. */
  readonly due: number;
  /** Where it stands; kept by `Deadlines`, -1 = nowhere. */
  slot: number;
  /** Called at every tick at which it is overdue, until it is deleted. */
  expire(): void;
}

/**
 * Deadlines of the calls in flight, behind one timer: each call has four and moves one with every chunk, so that timers of their own
 * would cost as much as the decision. An array, not a `Set`: a `Set` that grows and shrinks leaves a chain of old tables, each with
 * the calls of its time, and a young collection takes the dead of an old chain for living.
 */
export class Deadlines {
  readonly #watched: Deadline[] = [];
  #timer: NodeJS.Timeout | null = null;

  add(deadline: Deadline): void {
    deadline.slot = this.#watched.push(deadline) - 1;
    this.#timer ??= setInterval(() => this.#look(), TICK);
  }

  delete(deadline: Deadline): void {
    if (deadline.slot === -1) return;
    const last = this.#watched.pop()!;
    if (last !== deadline) {
      this.#watched[deadline.slot] = last;
      last.slot = deadline.slot;
    }
    deadline.slot = -1;
  }

  #look(): void {
    if (this.#watched.length === 0) {
      clearInterval(this.#timer!);
      this.#timer = null;
      return;
    }
    const now = performance.now();
    // From the end: who expires deletes itself, and the last one takes its place.
    for (let at = this.#watched.length - 1; at >= 0; at--) if (this.#watched[at]?.due <= now) this.#watched[at].expire();
  }
}
