import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';
import { sayFormat } from '../say-format.ts';

/**
 * `output_config.format` as `response_format`.
 * Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs
 */
export function readFormat(body: JsonObject, notes: RequestNotes): JsonObject {
  const config = isJsonObject(body.output_config) ? body.output_config : {};
  const format = config.format ?? body.output_format ?? undefined;
  if (format === undefined) return {};
  if (isJsonObject(format) && format.type === 'json_schema' && isJsonObject(format.schema))
    return sayFormat({ name: 'answer', schema: format.schema }, notes);
  notes.refuse('output_config', '`output_config.format` is no `json_schema` with a `schema`');
  return {};
}
