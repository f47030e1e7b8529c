import type { Usage } from '../../../schema/usage.ts';
import { isJsonObject, type JsonObject } from '../translate/json-object.ts';

/**
 * `usage` of OpenAI's Responses API in the normal form; null where it tells no input.
 * Source: https://platform.openai.com/docs/api-reference/responses/object#responses/object-usage
 */
export function readResponsesUsage(told: JsonObject): Usage | null {
  const prompt = readCount(told.input_tokens);
  if (prompt === null) return null;
  const asked = isJsonObject(told.input_tokens_details) ? told.input_tokens_details : {};
  const said = isJsonObject(told.output_tokens_details) ? told.output_tokens_details : {};
  const cacheRead = Math.min(prompt, readCount(asked.cached_tokens) ?? 0);
  const cacheWrite5m = Math.min(prompt - cacheRead, readCount(asked.cache_write_tokens) ?? 0);
  const output = readCount(told.output_tokens) ?? 0;
  return {
    input: prompt - cacheRead - cacheWrite5m,
    cacheRead,
    cacheWrite5m,
    cacheWrite1h: 0,
    output,
    reasoning: Math.min(output, readCount(said.reasoning_tokens) ?? 0),
  };
}

function readCount(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null;
}
