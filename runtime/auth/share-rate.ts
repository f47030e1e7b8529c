/** What nobody holds of a rate: `level` at the time `at`, below 0 where it owes. */
export interface RateLevel {
  readonly level: number;
  /** Ms. */
  readonly at: number;
}

/** What a process tells of its slice of a rate, and asks for. */
export interface RateOrder {
  /** The bucket holds `most`, and fills with as many in `ms`. */
  readonly most: number;
  readonly ms: number;
  /** What is left of the slice; below 0, what was taken beyond it. */
  readonly slice: number;
  /** Taken, and not used after all. */
  readonly returned: number;
  /** What requests wait for, in their order. */
  readonly needs: readonly number[];
  /** What it would like to have at hand beyond that. */
  readonly ahead: number;
  /** Others need it: nothing is kept but for the needs, and nothing of the slice is used until the answer. */
  readonly yields: boolean;
}

export interface RateShare extends RateLevel {
  /** What the process may take from now on. */
  readonly slice: number;
  /** Ms after which the first need that was not met may be, if nobody else comes first; 0 = all were. */
  readonly wait: number;
}

/** What a process was last given, and until when it may use it: then it counts as used, since nobody tells. */
export interface HeldSlice {
  readonly amount: number;
  /** Ms. */
  readonly until: number;
  /** It is the asking process's own. */
  readonly isOwn: boolean;
}

/**
 * Shares a rate between processes. What is in the bucket and in all slices together is never more than the bucket holds, and grows by
 * its rate only: so what all processes take keeps the rate as one bucket would. Needs are met whole and in their order, passing over
 * those that are too large; ahead of need a process gets its part of what is left, in whole numbers.
 *
 * @param slices of all processes, also those whose time is over, once.
 * @param holders how many share the rate, this one included.
 */
export function shareRate(
  bucket: RateLevel | null,
  order: RateOrder,
  slices: readonly HeldSlice[],
  holders: number,
  clock: number,
): RateShare {
  const { most, ms, needs, ahead, yields } = order;
  // A clock that was set back fills nothing.
  const now = Math.max(clock, bucket?.at ?? clock);
  const filled = fill(bucket ?? { level: most, at: now }, order, slices, now);
  const valid = slices.filter(({ until }) => until > now);
  const own = sum(valid.filter(({ isOwn }) => isOwn));
  const others = sum(valid) - own;
  // What it still believes to hold after its time is void.
  const kept = Math.min(own, Math.max(0, order.slice));
  const owed = Math.max(0, -order.slice);
  const level = Math.min(filled + order.returned - owed, most - others - kept);
  const total = kept + level;
  let met = 0;
  let unmet = 0;
  for (const asked of needs) {
    const need = Math.min(asked, most);
    if (met + need <= total) met += need;
    else if (unmet === 0) unmet = need;
  }
  const left = Math.max(0, total - met);
  // What waits for more than is left must not lose it to what nobody waits for.
  const granted = unmet > 0 ? met : met + Math.floor(Math.min(ahead, left / Math.max(1, holders)));
  const slice = total <= 0 ? 0 : yields ? met : Math.max(granted, Math.min(kept, total));
  return { level: total - slice, at: now, slice, wait: unmet === 0 ? 0 : Math.max(1, Math.ceil(((unmet - left) * ms) / most)) };
}

/** The level now. Slices leave no room for what they hold as long as they may be used: it may have been taken at the last moment. */
function fill({ level, at }: RateLevel, { most, ms }: RateOrder, slices: readonly HeldSlice[], now: number): number {
  let held = sum(slices);
  const over = slices.filter(({ until }) => until <= now).sort((a, b) => a.until - b.until);
  for (const { amount, until } of over) {
    const then = Math.max(at, until);
    level = Math.min(level + ((then - at) * most) / ms, most - held);
    at = then;
    held -= amount;
  }
  return Math.min(level + ((now - at) * most) / ms, most - held);
}

function sum(slices: readonly HeldSlice[]): number {
  return slices.reduce((all, { amount }) => all + amount, 0);
}
