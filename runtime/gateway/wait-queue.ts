/** Requests that wait for a target, in order of arrival; bounded in number, each with a deadline. */
export class WaitQueue {
  readonly #depth: number;
  readonly #waiters = new Set<() => boolean>();
  #waking = false;
  #again = false;

  constructor(depth: number) {
    this.#depth = depth;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /**
   * Waits until `attempt` gives something other than null; it is called at every `wake`, in order of arrival.
   *
   * @returns null at the deadline, at once where the queue is full, and when `cancel` (handed to `onCancel`) is called.
   */
  wait<T>(attempt: () => T | null, ms: number, onCancel: (cancel: () => void) => void): Promise<T | null> {
    if (this.#waiters.size >= this.#depth || ms <= 0) return Promise.resolve(null);
    return new Promise((resolve) => {
      const leave = (found: T | null): void => {
        this.#waiters.delete(tryNow);
        clearTimeout(deadline);
        resolve(found);
      };
      const tryNow = (): boolean => {
        const found = attempt();
        if (found !== null) leave(found);
        return found !== null;
      };
      const deadline = setTimeout(() => leave(null), ms);
      this.#waiters.add(tryNow);
      onCancel(() => leave(null));
    });
  }

  /**
   * A target's state changed, or the policy did. Who takes a place changes a state again, and so calls this from within: that is
   * remembered and done afterwards, since a waiter asked twice at once would take two places.
   */
  wake(): void {
    this.#again = true;
    if (this.#waking) return;
    this.#waking = true;
    try {
      while (this.#again) {
        this.#again = false;
        for (const tryNow of [...this.#waiters]) tryNow();
      }
    } finally {
      this.#waking = false;
    }
  }
}
