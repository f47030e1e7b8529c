import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import { parseExact } from '../../backends/translate/parse-exact.ts';

/** A call, its arguments as an object. Models write what is no JSON; it is wrapped, for the caller to see. */
export function writeCall(id: string, index: number, name: string, text: string): JsonObject {
  return { id, function: { index, name, arguments: readArguments(text) } };
}

function readArguments(text: string): unknown {
  if (!/\S/.test(text)) return {};
  try {
    const value = parseExact(text);
    return isJsonObject(value) ? value : { arguments: value };
  } catch {
    return { arguments: text };
  }
}
