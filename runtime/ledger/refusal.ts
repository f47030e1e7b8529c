/**
 * Why money was not set aside. `does-not-fit` is final for now; `slice-dry`: this process has none at hand, and `reserve` may get some;
 * `late`: none was got in time; `store-unreachable`: none can be got; `overloaded`: too many entries wait to be written.
 */
export const REFUSAL_KINDS = ['does-not-fit', 'slice-dry', 'late', 'store-unreachable', 'overloaded'] as const;
export type RefusalKind = (typeof REFUSAL_KINDS)[number];

export interface Refusal {
  readonly granted: false;
  readonly kind: RefusalKind;
  /** The budget that has too little; empty where no budget is to blame. */
  readonly budget: string;
  /** Seconds after which asking again makes sense. */
  readonly retryAfter: number;
}

/** One frozen refusal of each kind, so that refusing allocates nothing. */
export function makeRefusals(budget: string): Readonly<Record<RefusalKind, Refusal>> {
  const make = (kind: RefusalKind): Refusal => Object.freeze({ granted: false, kind, budget, retryAfter: 1 });
  return {
    'does-not-fit': make('does-not-fit'),
    'slice-dry': make('slice-dry'),
    late: make('late'),
    'store-unreachable': make('store-unreachable'),
    overloaded: make('overloaded'),
  };
}
