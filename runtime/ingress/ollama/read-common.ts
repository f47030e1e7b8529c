import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';
import { sayFormat } from '../say-format.ts';
import { readOptions } from './read-options.ts';

const LEVELS = ['low', 'medium', 'high', 'max'];

/** What `/api/chat` and `/api/generate` have in common: `format`, `think` and `options`. */
export function readCommon(body: JsonObject, notes: RequestNotes): JsonObject {
  return { ...readFormat(body.format, notes), ...readThink(body.think, notes), ...readOptions(body, notes) };
}

/** Source: https://docs.ollama.com/capabilities/structured-outputs */
function readFormat(format: unknown, notes: RequestNotes): JsonObject {
  if (format === undefined || format === null || format === '') return {};
  if (format === 'json') return { response_format: { type: 'json_object' } };
  if (isJsonObject(format)) return sayFormat({ name: 'answer', schema: format }, notes);
  notes.refuse('format', '`format` is neither `json` nor a JSON Schema');
  return {};
}

/** Source: https://docs.ollama.com/capabilities/thinking */
function readThink(think: unknown, notes: RequestNotes): JsonObject {
  if (think === undefined || think === null) return {};
  if (typeof think === 'boolean') return { reasoning_effort: think ? 'medium' : 'none' };
  if (typeof think === 'string' && LEVELS.includes(think)) return { reasoning_effort: think };
  notes.refuse('think', '`think` is neither `true`, `false` nor one of `low`, `medium`, `high`, `max`');
  return {};
}
