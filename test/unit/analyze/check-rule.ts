import { ANALYSIS_RULES } from '../../../compiler/analyze/analyze.ts';
import type { Rule } from '../../../compiler/diagnostics/catalogue.ts';
import type { Diagnostic } from '../../../compiler/diagnostics/diagnostic.ts';
import { buildPolicySet, type Sketch } from '../../build/policy-set.ts';

/** The findings of one rule, taken from the list that `analyze` runs, so that a rule that is not listed fails its tests. */
export function checkRule(slug: Rule, sketch: Sketch): Diagnostic[] {
  const rule = ANALYSIS_RULES.find((listed) => listed.slug === slug);
  if (rule === undefined) throw new Error(`\`${slug}\` is not listed`);
  return rule.check(buildPolicySet(sketch));
}

export function messagesOf(slug: Rule, sketch: Sketch): string[] {
  return checkRule(slug, sketch).map(({ message }) => message);
}
