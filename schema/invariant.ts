import type { Bound, Place } from './policy-set.ts';
import type { BudgetStatus } from './vocabulary.ts';

/** What an invariant may speak of: facts of a request, and of the decision that it gets. The key in the policy is the same word. */
export const FACTS = [
  'policy',
  'category',
  'class',
  'key',
  'team',
  'label',
  'requested_model',
  'endpoint',
  'privacy',
  'needs',
  'needs_only',
  'input_tokens',
  'output_tokens',
  'decision',
  'backend',
  'model',
  'target',
  'zone',
  'tier',
  'type',
  'cloud',
  'cost_usd',
] as const;
export type FactName = (typeof FACTS)[number];

/** What the rows of a fact are rows of. */
export const FACT_AXES = ['policy', 'category', 'class', 'caller', 'name', 'endpoint', 'target', 'decision'] as const;
export type FactAxis = (typeof FACT_AXES)[number];

/** What is decided; a fact's rows on the axis `decision` are indexes of it. */
export const DECISIONS = ['route', 'queue', 'reject'] as const;

/** What is counted: input tokens, output cap in tokens, most cost in nano-dollars. */
export type FactMeasure = 'input' | 'output' | 'cost';

/** One thing that is so of a decision. */
export type Fact =
  /** It is one of these rows. */
  | { readonly fact: FactName; readonly kind: 'rows'; readonly axis: FactAxis; readonly rows: readonly number[]; readonly place: Place }
  | {
      readonly fact: FactName;
      readonly kind: 'bound';
      readonly measure: FactMeasure;
      readonly bound: Bound;
      readonly written: string;
      readonly place: Place;
    }
  /** The request needs one of these capabilities (`some`), or none beside these (`only`). Set of capability bits. */
  | { readonly fact: FactName; readonly kind: 'needs'; readonly of: 'some' | 'only'; readonly bits: number; readonly place: Place };

/** What is known of the state. A member that is null may be anything; one that is given is given whole: what it does not name is up, has room, is unspent. */
export interface GivenState {
  /** Rows of targets. */
  readonly down: readonly number[] | null;
  readonly full: readonly number[] | null;
  /** By budget row. */
  readonly budgets: readonly BudgetStatus[] | null;
}

/** `never`: no decision has all of these facts at once. `always`: every decision for a target, where all of `when` are so, has all of them. */
export interface Invariant {
  readonly name: string;
  readonly claim: 'never' | 'always';
  readonly when: readonly Fact[];
  readonly facts: readonly Fact[];
  readonly given: GivenState;
  readonly place: Place;
}
