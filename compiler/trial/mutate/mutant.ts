import type { Bound, Comparison, Place, PolicySet } from '../../../schema/policy-set.ts';
import type { Locate } from '../locate.ts';

/** A policy with one thing changed. */
export interface Mutant {
  /** What was changed, in words. */
  readonly what: string;
  /** Where that is written. */
  readonly place: Place;
  readonly set: PolicySet;
}

/** All mutants of one part of a policy. */
export type Mutate = (set: PolicySet, locate: Locate) => Mutant[];

/** The rows with one of them changed. */
export function changeAt<Row>(rows: readonly Row[], at: number, change: Partial<Row>): Row[] {
  return rows.map((row, i) => (i === at ? { ...row, ...change } : row));
}

export function without<Row>(rows: readonly Row[], at: number): Row[] {
  return rows.filter((_, i) => i !== at);
}

/** The rows with one of them and its next exchanged. */
export function swapAt<Row>(rows: readonly Row[], at: number): Row[] {
  return [...rows.slice(0, at), rows[at + 1], rows[at], ...rows.slice(at + 2)];
}

/** What a limit may become: other values, with the words that tell them. `null` = dropped. */
export function shiftLimit(limit: number | null, least = 0): [words: string, value: number | null][] {
  if (limit === null) return [];
  const halves: [string, number][] = [
    ['doubled', limit * 2],
    ['halved', Math.max(least, Math.floor(limit / 2))],
  ];
  return [...halves.filter(([, value]) => value !== limit), ['dropped', null]];
}

/** What a share (of 1,000,000) may become. */
export function shiftShare(share: number | null, step: number): [words: string, value: number | null][] {
  if (share === null) return [];
  const near = [share - step, share + step].filter((value) => value >= 0 && value <= 1_000_000);
  return [...near.map((value): [string, number] => [`${share / 1e6} as ${value / 1e6}`, value]), ['dropped', null]];
}

const OPPOSITE: Record<Comparison, Comparison> = { '<': '>=', '<=': '>', '>': '<=', '>=': '<', '=': '=' };

/** What a comparison may become: negated, its value one step off, dropped. */
export function shiftBound(bound: Bound | null, step: number, scale: number): [words: string, value: Bound | null][] {
  if (bound === null) return [];
  const words = ({ op, value }: Bound): string => `\`${op}${value / scale}\``;
  const shifted = [-step, step].map((by): Bound => ({ op: bound.op, value: bound.value + by })).filter(({ value }) => value >= 0);
  // An equality has no opposite among the comparisons; its neighbours are far enough.
  const negated: Bound[] = bound.op === '=' ? [] : [{ op: OPPOSITE[bound.op], value: bound.value }];
  return [...[...negated, ...shifted].map((other): [string, Bound] => [`${words(bound)} as ${words(other)}`, other]), ['dropped', null]];
}
