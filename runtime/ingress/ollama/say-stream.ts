import type { JsonObject } from '../../backends/translate/json-object.ts';
import type { ParameterReader } from '../parameter-reader.ts';

/** Ollama streams unless it is told not to. */
export function sayStream(reader: ParameterReader): { readonly stream: boolean; readonly said: JsonObject } {
  const stream = reader.flag('stream') !== false;
  return { stream, said: stream ? { stream, stream_options: { include_usage: true } } : {} };
}
