/** What the policy in force is compared with. */
export type Origin = 'artifact' | 'policies';

/** When the places that policy comes from were last seen whole. A place that is never registered does not count. */
export class Freshness {
  readonly #confirmed = new Map<Origin, number>();

  /** Seen whole now. */
  confirm(origin: Origin): void {
    this.#confirmed.set(origin, Date.now());
  }

  /** The moment since which every place is known: that of the one that was seen longest ago. */
  get verifiedAt(): Date {
    return new Date(Math.min(...this.#confirmed.values(), Date.now()));
  }

  /** @param limit in ms; 0 = none. */
  isStale(limit: number): boolean {
    return limit > 0 && Date.now() - this.verifiedAt.getTime() > limit;
  }
}
