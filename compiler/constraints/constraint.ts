import type { PolicySet, Target } from '../../schema/policy-set.ts';
import type { Percentile, Stage } from '../../schema/vocabulary.ts';
import { packRows } from '../plan/pack-rows.ts';

/**
 * How a constraint becomes a table. One file per axis; adding a constraint is adding a file to this folder and a line to
 * `constraints.ts`. `reason` and `suggest` are what a rejected caller reads; `{words}` are filled in by the router's `explain`
 * (see `emit/kernel/explain.ts` for the words there are).
 */
export interface Constraint {
  readonly axis: string;
  readonly stage: Stage;
  /** Filters are never relaxed; a tier floor gives way to flexible requests, a quality floor where the category is not strict. */
  readonly role: 'filter' | 'tier floor' | 'quality floor';
  readonly reason: string;
  readonly suggest: string;
  /** Null where the policy constrains nothing on this axis: the router then has no such table. */
  table(set: PolicySet): AxisTable | null;
}

export type AxisTable = StaticTable | MeasuredTable | PriceTable | BudgetTable | LiveTable;

/** One row per value; a row keeps the targets for which `keep` holds. */
export interface StaticTable {
  readonly kind: 'static';
  readonly rows: readonly StaticRow[];
  readonly index: Index;
}

export interface StaticRow {
  readonly label: string;
  readonly keep: readonly boolean[];
}

/** Rows whose masks depend on measurements; they are laid anew with every snapshot. */
export interface MeasuredTable {
  readonly kind: 'measured';
  readonly rows: readonly MeasuredRow[];
  readonly index: Index;
}

/** Null members always hold. Rates are shares 0..1, times milliseconds; `expected` = output tokens of the expected answer. */
export interface MeasuredRow {
  readonly label: string;
  readonly maxErrorRate: number | null;
  readonly minSuccessRate: number | null;
  readonly maxTtft: number | null;
  readonly firstToken: number | null;
  readonly total: number | null;
  readonly at: Percentile;
  readonly expected: number;
}

/** One row per distinct price of text, long prompts' tiers included; a row keeps the targets of that price, and is let in when its cost fits the cap. */
export interface PriceTable {
  readonly kind: 'price';
  readonly classes: readonly PriceClass[];
}

/** Pico-dollars a token in and out, by ascending number of input tokens above which they hold; the first from 0 on. */
export interface PriceClass {
  readonly label: string;
  readonly steps: readonly (readonly [above: number, input: number, output: number])[];
  readonly keep: readonly boolean[];
}

/** One row per set of budgets that can be in scope of a request; laid anew when a status changes. */
export interface BudgetTable {
  readonly kind: 'budget';
  readonly scopes: readonly BudgetScope[];
  readonly index: Index;
}

export interface BudgetScope {
  readonly label: string;
  /** Rows of the budgets in scope, with the targets that each takes out at its hard limit. */
  readonly budgets: readonly { readonly budget: number; readonly blocks: readonly boolean[] }[];
}

/** Two rows: targets that are up and not full; targets that are up. */
export interface LiveTable {
  readonly kind: 'live';
}

export type Coordinate = 'model' | 'policy' | 'category' | 'class' | 'caller' | 'required';

/** How an intent finds its row: a table over coordinates (row-major), or the number of thresholds below `need`. */
export type Index =
  | { readonly by: readonly Coordinate[]; readonly rows: readonly number[] }
  | { readonly by: 'need'; readonly thresholds: readonly number[] };

/** Size of each coordinate. */
export function sizeOf(set: PolicySet, coordinate: Coordinate): number {
  switch (coordinate) {
    case 'model':
      return set.models.length;
    case 'policy':
      return set.policies.length;
    case 'category':
      return set.categories.length;
    case 'class':
      return set.classes.length;
    case 'caller':
      return set.callers.length;
    case 'required':
      return 64;
  }
}

export const keepWhere = (set: PolicySet, test: (target: Target, row: number) => boolean): boolean[] => set.targets.map(test);

/** A static table over one or more coordinates; null when every row keeps everything. */
export function tabulate(set: PolicySet, by: readonly Coordinate[], rowAt: (...at: number[]) => StaticRow): StaticTable | null {
  const { rows, add } = packRows<StaticRow>((row) => row.keep.map(Number).join(''));
  const index: number[] = [];
  const sizes = by.map((coordinate) => sizeOf(set, coordinate));
  const walk = (at: number[]): void => {
    if (at.length === sizes.length) {
      index.push(add(rowAt(...at)));
      return;
    }
    for (let i = 0; i < sizes[at.length]!; i++) walk([...at, i]);
  };
  walk([]);
  if (rows.every((row) => row.keep.every(Boolean))) return null;
  return { kind: 'static', rows, index: { by, rows: index } };
}
