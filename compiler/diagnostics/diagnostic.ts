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
  /** A request and a state that show it, as `policyc explain` and policy tests take them. */
  readonly witness?: {
    /** The body. */
    readonly request: Readonly<Record<string, unknown>>;
    readonly headers: Readonly<Record<string, string>>;
    /** Name of the caller's key. */
    readonly key: string | null;
    readonly state: Readonly<Record<string, unknown>>;
    readonly decision: 'route' | 'queue' | 'reject';
    /** `backend/model`; null where it is rejected. */
    readonly target: string | null;
  };
}
