import type { TargetConfig } from '../../../schema/manifest.ts';
import type { JsonObject } from '../translate/json-object.ts';
import { RequestNotes } from '../translate/request-notes.ts';
import type { DialectCall } from '../translate/translator.ts';
import { writeKeepAlive } from './write-keep-alive.ts';

const KNOWN = new Set(['model', 'input', 'dimensions', 'encoding_format', 'keep_alive']);

/**
 * `POST /v1/embeddings` as a call of `/api/embed`. A text that is too long is an error, as it is at OpenAI, and not cut in silence.
 * Source: https://docs.ollama.com/api/embed
 *
 * @throws BadRequest which tells everything at once that can't be said.
 */
export function writeEmbeddings(body: JsonObject, target: TargetConfig): DialectCall {
  const notes = new RequestNotes();
  const { dimensions, input } = body;
  if (dimensions !== undefined && dimensions !== null && !(Number.isSafeInteger(dimensions) && (dimensions as number) > 0)) {
    notes.refuse('dimensions', '`dimensions` must be a whole number above zero');
  }
  const texts = Array.isArray(input) ? input : [input];
  if (texts.length === 0 || !texts.every((text) => typeof text === 'string'))
    notes.refuse('input', "`input` must be a string or a list of strings; help: ollama's models take no token numbers");
  for (const name of Object.keys(body)) if (!KNOWN.has(name)) notes.warn(`${name === 'user' ? name : 'parameter'}-ignored`);
  const request = {
    model: target.upstream,
    input: texts,
    truncate: false,
    ...(typeof dimensions === 'number' ? { dimensions } : {}),
    ...writeKeepAlive(body, notes),
    ...(target.context === null ? {} : { options: { num_ctx: target.context } }),
  };
  const warnings = notes.close();
  return { path: '/api/embed', headers: [], body: Buffer.from(JSON.stringify(request)), warnings };
}
