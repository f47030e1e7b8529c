import type { RequestNotes } from './request-notes.ts';
import type { ChatBody } from './translator.ts';

/**
 * What becomes of a parameter. written: it is said in the dialect's words. ignored: it changes no meaning of the answer, and that it was
 * left out is told. refused: leaving it out would change what was asked for. `idle` values ask for nothing, like null.
 */
export type ParameterDecision =
  | { readonly kind: 'written' }
  | { readonly kind: 'ignored'; readonly idle?: (value: unknown) => boolean }
  | { readonly kind: 'refused'; readonly help: string; readonly idle?: (value: unknown) => boolean };

const IGNORED: ParameterDecision = { kind: 'ignored' };

/**
 * Refuses or announces every parameter that has no counterpart, unknown ones too.
 *
 * @param who whose models do not know it, such as `claude`.
 */
export function judgeParameters(
  body: ChatBody,
  table: Readonly<Record<string, ParameterDecision>>,
  who: string,
  notes: RequestNotes,
): void {
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined) continue;
    const decision = Object.hasOwn(table, name) ? table[name] : IGNORED;
    if (decision.kind === 'written' || decision.idle?.(value)) continue;
    if (decision.kind === 'refused') notes.refuse(name, `${who} models know no \`${name}\`; help: ${decision.help}`);
    else notes.warn(`${/^\w{1,40}$/.test(name) ? name.toLowerCase().replaceAll('_', '-') : 'parameter'}-ignored`);
  }
}
