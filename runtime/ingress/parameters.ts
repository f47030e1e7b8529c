import type { JsonObject } from '../backends/translate/json-object.ts';
import type { RequestNotes } from '../backends/translate/request-notes.ts';

/**
 * What becomes of a parameter. said: chat completions have a word for it. ignored: it changes no meaning of the answer, and that it was
 * left out is told. refused: leaving it out would change what was asked for. `idle` values ask for nothing, like null.
 */
export type Decision =
  | { readonly kind: 'said' }
  | { readonly kind: 'ignored'; readonly idle?: (value: unknown) => boolean }
  | { readonly kind: 'refused'; readonly help: string; readonly idle?: (value: unknown) => boolean };

export const SAID: Decision = { kind: 'said' };
export const IGNORED: Decision = { kind: 'ignored' };

/** Asks for nothing, whatever it is. */
export const IDLE: Decision = { kind: 'ignored', idle: () => true };

export function isEmpty(value: unknown): boolean {
  return value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

/** Refuses or announces every parameter that chat completions have no word for, unknown ones too. */
export function judgeParameters(
  body: JsonObject,
  table: Readonly<Record<string, Decision>>,
  notes: RequestNotes,
  prefix = '',
  token = prefix.replaceAll('.', '-'),
): void {
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined) continue;
    const decision = Object.hasOwn(table, name) ? table[name] : IGNORED;
    if (decision.kind === 'said' || decision.idle?.(value)) continue;
    if (decision.kind === 'refused') notes.refuse(prefix + name, `\`${prefix}${name}\` can't be served here; help: ${decision.help}`);
    else notes.warn(`${token}${/^\w{1,40}$/.test(name) ? name.toLowerCase().replaceAll('_', '-') : 'parameter'}-ignored`);
  }
}
