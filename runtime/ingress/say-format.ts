import type { JsonObject } from '../backends/translate/json-object.ts';
import type { RequestNotes } from '../backends/translate/request-notes.ts';
import { isStrictSchema } from './is-strict-schema.ts';

interface Format {
  readonly name: string;
  readonly schema: JsonObject;
}

/** A schema that the answer must fit, as `response_format`; enforced to the letter where OpenAI would take it so. */
export function sayFormat({ name, schema }: Format, notes: RequestNotes): JsonObject {
  const strict = isStrictSchema(schema);
  if (!strict) notes.warn('response-format-not-strict');
  return { response_format: { type: 'json_schema', json_schema: { name, schema, ...(strict ? { strict } : {}) } } };
}
