import type { PolicySet } from '../../schema/policy-set.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { AnalysisRule } from './analysis-rule.ts';
import { rule as dominated } from './rules/dominated.ts';
import { rule as emptyCandidates } from './rules/empty-candidates.ts';
import { rule as emptyProtection } from './rules/empty-protection.ts';
import { rule as infeasible } from './rules/infeasible.ts';
import { rule as looserAlias } from './rules/looser-alias.ts';
import { rule as missingCapability } from './rules/missing-capability.ts';
import { rule as redundant } from './rules/redundant.ts';
import { rule as sameUrl } from './rules/same-url.ts';
import { rule as shadowed } from './rules/shadowed.ts';
import { rule as smallContext } from './rules/small-context.ts';
import { rule as unreachable } from './rules/unreachable.ts';
import { rule as unsatisfiable } from './rules/unsatisfiable.ts';

/** Judgements about a policy that is well formed, each in the file of its slug. */
export const ANALYSIS_RULES: readonly AnalysisRule[] = [
  shadowed,
  redundant,
  unsatisfiable,
  unreachable,
  dominated,
  looserAlias,
  sameUrl,
  missingCapability,
  emptyCandidates,
  smallContext,
  infeasible,
  emptyProtection,
];

/** Runs every rule; the order of the findings is the caller's business. */
export function analyze(set: PolicySet): Diagnostic[] {
  return ANALYSIS_RULES.flatMap((rule) => rule.check(set));
}
