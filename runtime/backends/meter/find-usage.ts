import { isJsonObject, type JsonObject } from '../translate/json-object.ts';

const NAME = '"usage":';

/** The last member `usage` of a JSON text that holds an object, without parsing the rest, which may be large or cut off before it. */
export function findUsage(json: string): JsonObject | null {
  for (let at = json.lastIndexOf(NAME); at !== -1; at = at === 0 ? -1 : json.lastIndexOf(NAME, at - 1)) {
    const start = skipBlanks(json, at + NAME.length);
    if (json[start] !== '{') continue;
    const end = findEnd(json, start);
    if (end === -1) continue;
    try {
      const value: unknown = JSON.parse(json.slice(start, end));
      if (isJsonObject(value)) return value;
    } catch {
      // Not whole: an earlier one may be.
    }
  }
  return null;
}

function skipBlanks(json: string, at: number): number {
  while (json[at] === ' ' || json[at] === '\n' || json[at] === '\r' || json[at] === '\t') at++;
  return at;
}

/** Behind the object's last brace; -1 where it is cut off. Figures hold no braces in strings. */
function findEnd(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const char = json.charCodeAt(at);
    if (char === 123) depth++;
    else if (char === 125 && --depth === 0) return at + 1;
  }
  return -1;
}
