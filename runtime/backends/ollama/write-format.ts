import { isJsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import type { ChatBody } from '../translate/translator.ts';
import type { OllamaChatRequest } from './wire.ts';

/** `format`: any JSON, or what a schema allows. Source: https://docs.ollama.com/capabilities/structured-outputs */
export function writeFormat(body: ChatBody, notes: RequestNotes): OllamaChatRequest['format'] {
  const wanted = body.response_format;
  if (wanted === undefined || wanted === null) return undefined;
  const type = isJsonObject(wanted) ? wanted.type : undefined;
  if (type === 'text') return undefined;
  if (type === 'json_object') return 'json';
  const asked = isJsonObject(wanted) && type === 'json_schema' ? wanted.json_schema : undefined;
  if (isJsonObject(asked)) return isJsonObject(asked.schema) ? asked.schema : 'json';
  notes.refuse(
    'response_format',
    '`response_format` is of no known type; help: use `text`, `json_object`, or `json_schema` with a `json_schema`',
  );
  return undefined;
}
