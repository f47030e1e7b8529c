import type { JsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';

/** `keep_alive` as the caller gives it: a duration such as `10m`, or seconds; left out, the server's own `OLLAMA_KEEP_ALIVE` counts. */
export function writeKeepAlive({ keep_alive: time }: JsonObject, notes: RequestNotes): { readonly keep_alive?: string | number } {
  if (time === undefined || time === null) return {};
  if (typeof time === 'number' || typeof time === 'string') return { keep_alive: time };
  notes.refuse('keep_alive', '`keep_alive` must be a duration such as `10m`, or a number of seconds');
  return {};
}
