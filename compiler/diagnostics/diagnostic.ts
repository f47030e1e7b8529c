import type { Place } from '../../schema/policy-set.ts';
import type { Rule } from './catalogue.ts';

/** What the author of a policy should know: a value, never thrown. Written lower case, no full stop, the user's words in backticks. */
export interface Diagnostic {
  /** Slug of the rule, a key of `RULES`. */
  readonly rule: Rule;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** The remedy; never empty. */
  readonly help: string;
  readonly place: Place;
  /** Columns to underline, ≥ 1; where it is 1, the word that starts at `place` is underlined. */
  readonly length: number;
  /** The other places that have a part in it. */
  readonly related: readonly { readonly message: string; readonly place: Place }[];
}
