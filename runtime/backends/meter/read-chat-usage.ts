import type { Usage } from '../../../schema/usage.ts';
import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import { writeMediaShares } from '../translate/write-media-shares.ts';

/**
 * `usage` of a chat completion, or of embeddings, in the normal form; null where it tells no prompt. What caches gave is part of the
 * prompt there, and what was thought part of the completion; where the total says that thoughts were not counted in, they are added.
 * Source: https://platform.openai.com/docs/api-reference/completions/object#completions/object-usage
 */
export function readChatUsage(told: JsonObject): Usage | null {
  const prompt = readCount(told.prompt_tokens);
  if (prompt === null) return null;
  const asked = isJsonObject(told.prompt_tokens_details) ? told.prompt_tokens_details : {};
  const said = isJsonObject(told.completion_tokens_details) ? told.completion_tokens_details : {};
  // `prompt_cache_hit_tokens`: https://api-docs.deepseek.com/guides/kv_cache
  const cacheRead = Math.min(prompt, readCount(asked.cached_tokens) ?? readCount(told.prompt_cache_hit_tokens) ?? 0);
  const cacheWrite5m = Math.min(prompt - cacheRead, readCount(asked.cache_write_tokens) ?? 0);
  const completion = readCount(told.completion_tokens) ?? 0;
  const thought = readCount(said.reasoning_tokens) ?? 0;
  const isApart = thought > 0 && readCount(told.total_tokens) === prompt + completion + thought;
  const output = isApart ? completion + thought : completion;
  const input = prompt - cacheRead - cacheWrite5m;
  // Sound and pictures of the prompt are told for all of it: what a cache gave is not told apart.
  const shares = writeMediaShares(
    { input, cacheRead, output },
    {
      inputAudio: readCount(asked.audio_tokens) ?? 0,
      inputImage: readCount(asked.image_tokens) ?? 0,
      outputAudio: readCount(said.audio_tokens) ?? 0,
    },
  );
  return { input, cacheRead, cacheWrite5m, cacheWrite1h: 0, output, reasoning: Math.min(output, thought), ...shares };
}

function readCount(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null;
}
