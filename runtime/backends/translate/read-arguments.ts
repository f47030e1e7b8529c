import { isJsonObject } from './json-object.ts';
import { parseExact } from './parse-exact.ts';
import type { RequestNotes } from './request-notes.ts';

/** A tool call's arguments as an object. Models write what is no JSON, and clients send it back: it is wrapped, for the model to see. */
export function readArguments(text: unknown, notes: RequestNotes): unknown {
  if (typeof text !== 'string') return isJsonObject(text) ? text : {};
  if (!/\S/.test(text)) return {};
  let value: unknown = text;
  try {
    value = parseExact(text);
  } catch {
    // The text stays as it is.
  }
  if (isJsonObject(value) && !isRaw(value)) return value;
  if (value === null) return {};
  notes.warn('tool-arguments-wrapped');
  return { arguments: value };
}

/** A number that kept its digits. */
function isRaw(value: object): boolean {
  return (JSON as unknown as { isRawJSON(value: object): boolean }).isRawJSON(value);
}
