import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';
import { ParameterReader } from '../parameter-reader.ts';

/** `text.format` as `response_format`, and `text.verbosity`. Source: https://platform.openai.com/docs/guides/structured-outputs */
export function readText(body: JsonObject, notes: RequestNotes): JsonObject {
  const text = new ParameterReader(body, notes).object('text');
  if (text === undefined) return {};
  const verbosity = new ParameterReader(text, notes, 'text.').string('verbosity');
  return { ...(verbosity === undefined || verbosity === 'medium' ? {} : { verbosity }), ...readFormat(text.format, notes) };
}

function readFormat(format: unknown, notes: RequestNotes): JsonObject {
  if (format === undefined || format === null) return {};
  if (isJsonObject(format)) {
    if (format.type === 'text') return {};
    if (format.type === 'json_object') return { response_format: { type: 'json_object' } };
    if (format.type === 'json_schema' && typeof format.name === 'string' && isJsonObject(format.schema)) {
      const { name, schema, description, strict } = format;
      const whole = {
        name,
        schema,
        ...(typeof description === 'string' ? { description } : {}),
        ...(typeof strict === 'boolean' ? { strict } : {}),
      };
      return { response_format: { type: 'json_schema', json_schema: whole } };
    }
  }
  notes.refuse('text', '`text.format` is neither `text`, `json_object` nor a `json_schema` with `name` and `schema`');
  return {};
}
