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
  const { severity } = RULES[rule];
  const shown = related.map((other) => ({ ...other, message: showControls(other.message) }));
  return {
    rule,
    severity,
    message: showControls(message),
    help: showControls(help),
    place: spot.place,
    length: spot.length,
    related: shown,
  };
}

/** What a policy says may stand in a message, but not move the cursor of who reads it, nor turn the direction of the text. */
function showControls(text: string): string {
  return text.replaceAll(CONTROLS, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
