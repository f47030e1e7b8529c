import type { PolicySet } from '../../schema/policy-set.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';

/** Judgements about a policy that is well formed: one function a rule, each in its own file under `rules/`. */
const JUDGEMENTS: readonly ((set: PolicySet) => Diagnostic[])[] = [];

/** Runs every judgement; the order of the findings is the caller's business. */
export function analyze(set: PolicySet): Diagnostic[] {
  return JUDGEMENTS.flatMap((judge) => judge(set));
}
