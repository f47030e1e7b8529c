import type { Place } from '../../schema/policy-set.ts';
import { RULES, type Rule } from './catalogue.ts';
import type { Diagnostic } from './diagnostic.ts';

/** A diagnostic of a rule, with the rule's own severity. */
export function finding(
  rule: Rule,
  spot: { readonly place: Place; readonly length: number },
  message: string,
  help: string,
  related: Diagnostic['related'] = [],
): Diagnostic {
  return { rule, severity: RULES[rule].severity, message, help, place: spot.place, length: spot.length, related };
}
