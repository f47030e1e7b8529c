import type { AccountOrder } from './batch.ts';

/** Of what is not needed now, a process takes at most this share ahead: near the limit, slices shrink until only needs are met. */
const SHARE = 8;

/** Sums of an account, in nano-dollars. */
export interface Sums {
  readonly settled: number;
  readonly reserved: number;
  readonly held: number;
  readonly lost: number;
}

export interface Share {
  /** What is added to the slice; negative where the limit was lowered below what is out. */
  readonly grant: number;
  /** A request that waits cannot be met from what is left. */
  readonly starved: boolean;
}

/**
 * How much of an enforced account a holder gets whose slice is `slice`. `sums` hold all that its batch told. Whole needs are met in their
 * order, passing over those that are too large; never a part of one, which would lie idle here and be missed elsewhere.
 */
export function shareOut(order: AccountOrder, sums: Sums, slice: number): Share {
  const left = order.limit - sums.settled - sums.reserved - sums.held - sums.lost;
  if (left < 0) return { grant: -Math.min(slice, -left), starved: order.needs.length > 0 };
  let met = 0;
  let starved = false;
  for (const need of order.needs) {
    if (met + need <= slice + left) met += need;
    else starved = true;
  }
  const needed = Math.max(0, met - slice);
  if (starved) return { grant: needed, starved };
  const spare = slice + needed - met;
  const ahead = Math.min(Math.max(0, order.ahead - spare), Math.floor((left - needed) / SHARE));
  return { grant: needed + ahead, starved };
}
