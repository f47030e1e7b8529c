import { isJsonObject, type JsonObject } from '../backends/translate/json-object.ts';
import type { Usage } from '../../schema/usage.ts';

/**
 * `usage` of a chat completion in the normal form; null where none is told. Shares never exceed what they are shares of.
 * Source: https://platform.openai.com/docs/api-reference/chat/object
 */
export function readUsage(value: unknown): Usage | null {
  if (!isJsonObject(value)) return null;
  const prompt = readCount(value, 'prompt_tokens');
  const output = readCount(value, 'completion_tokens');
  const ofPrompt = isJsonObject(value.prompt_tokens_details) ? value.prompt_tokens_details : {};
  const ofOutput = isJsonObject(value.completion_tokens_details) ? value.completion_tokens_details : {};
  const cacheRead = Math.min(prompt, readCount(ofPrompt, 'cached_tokens'));
  const cacheWrite5m = Math.min(prompt - cacheRead, readCount(ofPrompt, 'cache_write_tokens'));
  return {
    input: prompt - cacheRead - cacheWrite5m,
    cacheRead,
    cacheWrite5m,
    cacheWrite1h: 0,
    output,
    reasoning: Math.min(output, readCount(ofOutput, 'reasoning_tokens')),
  };
}

function readCount(value: JsonObject, name: string): number {
  const count = value[name];
  return Number.isSafeInteger(count) && (count as number) > 0 ? (count as number) : 0;
}
