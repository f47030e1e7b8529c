import type { Bound, Comparison } from '../../schema/policy-set.ts';

const COMPARE: Record<Comparison, (measured: number, value: number) => boolean> = {
  '<': (measured, value) => measured < value,
  '<=': (measured, value) => measured <= value,
  '>': (measured, value) => measured > value,
  '>=': (measured, value) => measured >= value,
  '=': (measured, value) => measured === value,
};

/** A bound that is not given always holds. */
export function holds(bound: Bound | null, measured: number): boolean {
  return bound === null || COMPARE[bound.op](measured, bound.value);
}
