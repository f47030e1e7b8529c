import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';
import { ParameterReader } from '../parameter-reader.ts';

/** Tools, which Ollama declares as chat completions do. */
export function readTools(body: JsonObject, notes: RequestNotes): JsonObject {
  const list = new ParameterReader(body, notes).list('tools') ?? [];
  for (const [at, tool] of list.entries()) {
    const declared = isJsonObject(tool) && (tool.type ?? 'function') === 'function' ? tool.function : undefined;
    if (!isJsonObject(declared) || typeof declared.name !== 'string' || declared.name === '')
      notes.refuse('tools', `\`tools[${at}]\` is no function with a name`);
  }
  return list.length === 0 ? {} : { tools: list.map((tool) => ({ ...(tool as JsonObject), type: 'function' })) };
}
