import { ratioOf, type Timing } from './race.ts';

/** One timing against another of the same run. */
export interface Ratio {
  readonly what: string;
  readonly one: Timing;
  readonly other: Timing;
  /** Median over the rounds of one ÷ other. */
  readonly value: number;
  /** What the value must not exceed (`most`) or fall below (`least`); null = it is only told. */
  readonly bound: { readonly least?: number; readonly most?: number } | null;
  readonly holds: boolean;
}

export function compareTimings(what: string, one: Timing, other: Timing, bound: Ratio['bound']): Ratio {
  const value = ratioOf(one, other);
  const holds = bound === null || (value <= (bound.most ?? Number.POSITIVE_INFINITY) && value >= (bound.least ?? 0));
  return { what, one, other, value, bound, holds };
}
