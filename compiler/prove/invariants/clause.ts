import { DECISIONS, type Fact, type FactAxis, type GivenState, type Invariant } from '../../../schema/invariant.ts';
import type { Bound, PolicySet } from '../../../schema/policy-set.ts';
import { CAPABILITIES, ENDPOINTS } from '../../../schema/vocabulary.ts';

/** A conjunction of facts that no decision may have: an invariant is one or more of them. */
export interface Clause {
  readonly invariant: Invariant;
  readonly given: GivenState;
  /** By axis: which rows it speaks of; null = all. */
  readonly rows: Readonly<Record<FactAxis, Uint8Array | null>>;
  /** The request needs one of each of these sets of capability bits. */
  readonly needsSome: readonly number[];
  /** And nothing beside these. */
  readonly needsOnly: number;
  readonly input: Interval;
  readonly output: Interval;
  /** Bounds of the most it can cost, in nano-dollars. */
  readonly costs: readonly Bound[];
  /** The fact that is denied here, where an `always` is: what a decision lacks. */
  readonly denied: Fact | null;
}

/** Whole numbers from low to high, both included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Capabilities that a request may need beside its endpoint's own. */
export const NEEDS = CAPABILITIES.reduce(
  (bits, name, bit) => ((ENDPOINTS as readonly string[]).includes(name) ? bits : bits | (1 << bit)),
  0,
);

/** `never` is one clause. `always` is one for each fact that could be missing: what is wanted holds where none of them is met. */
export function clausesOf(set: PolicySet, invariant: Invariant): Clause[] {
  const { claim, when, facts } = invariant;
  if (claim === 'never') return [join(set, invariant, [...when, ...facts], null)];
  const speaksOfDecision = [...when, ...facts].some((fact) => fact.kind === 'rows' && fact.axis === 'decision');
  // A request that is rejected has no target of which anything could be so.
  const picks: Fact = { fact: 'decision', kind: 'rows', axis: 'decision', rows: [0, 1], place: invariant.place };
  return facts.flatMap((fact) =>
    deny(set, fact).map((denial) => join(set, invariant, [...when, ...(speaksOfDecision ? [] : [picks]), denial], fact)),
  );
}

export const sizesOf = (set: PolicySet): Record<FactAxis, number> => ({
  policy: set.policies.length,
  category: set.categories.length,
  class: set.classes.length,
  caller: set.callers.length,
  name: set.names.length,
  endpoint: ENDPOINTS.length,
  target: set.targets.length,
  decision: DECISIONS.length,
});

/** The facts one of which is so where the given one is not. */
function deny(set: PolicySet, fact: Fact): Fact[] {
  switch (fact.kind) {
    case 'rows': {
      const held = new Set(fact.rows);
      return [{ ...fact, rows: Array.from({ length: sizesOf(set)[fact.axis] }, (_, row) => row).filter((row) => !held.has(row)) }];
    }
    case 'needs':
      return [{ ...fact, of: fact.of === 'some' ? 'only' : 'some', bits: NEEDS & ~fact.bits }];
    case 'bound':
      return OPPOSITES[fact.bound.op].map((op) => ({ ...fact, bound: { op, value: fact.bound.value } }));
  }
}

const OPPOSITES: Record<Bound['op'], readonly Bound['op'][]> = { '<': ['>='], '<=': ['>'], '>': ['<='], '>=': ['<'], '=': ['<', '>'] };

function join(set: PolicySet, invariant: Invariant, facts: readonly Fact[], denied: Fact | null): Clause {
  const sizes = sizesOf(set);
  const rows: Record<FactAxis, Uint8Array | null> = {
    policy: null,
    category: null,
    class: null,
    caller: null,
    name: null,
    endpoint: null,
    target: null,
    decision: null,
  };
  const needsSome: number[] = [];
  let needsOnly = NEEDS;
  const measures = { input: { low: 0, high: Number.POSITIVE_INFINITY }, output: { low: 0, high: Number.POSITIVE_INFINITY } };
  const costs: Bound[] = [];
  for (const fact of facts) {
    if (fact.kind === 'rows') {
      const held = new Uint8Array(sizes[fact.axis]);
      for (const row of fact.rows) held[row] = rows[fact.axis]?.[row] ?? 1;
      rows[fact.axis] = held;
    } else if (fact.kind === 'needs') {
      if (fact.of === 'some') needsSome.push(fact.bits);
      else needsOnly &= fact.bits;
    } else if (fact.measure === 'cost') costs.push(fact.bound);
    else measures[fact.measure] = intersect(measures[fact.measure], intervalOf(fact.bound));
  }
  return { invariant, given: invariant.given, rows, needsSome, needsOnly, ...measures, costs, denied };
}

export const intersect = (a: Interval, b: Interval): Interval => ({ low: Math.max(a.low, b.low), high: Math.min(a.high, b.high) });

function intervalOf({ op, value }: Bound): Interval {
  const intervals: Record<Bound['op'], Interval> = {
    '<': { low: 0, high: value - 1 },
    '<=': { low: 0, high: value },
    '>': { low: value + 1, high: Number.POSITIVE_INFINITY },
    '>=': { low: value, high: Number.POSITIVE_INFINITY },
    '=': { low: value, high: value },
  };
  return intervals[op];
}
