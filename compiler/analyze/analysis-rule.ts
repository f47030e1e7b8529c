import type { PolicySet } from '../../schema/policy-set.ts';
import type { Rule } from '../diagnostics/catalogue.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';

/** One judgement about a policy that is well formed. */
export interface AnalysisRule {
  /** Names the rule's file too. */
  readonly slug: Rule;
  check(set: PolicySet): Diagnostic[];
}
