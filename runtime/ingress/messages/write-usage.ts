import type { JsonObject } from '../../backends/translate/json-object.ts';
import type { Usage } from '../../../schema/usage.ts';

/**
 * Usage as the Messages API tells it: parts that don't overlap, as in the normal form.
 * Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance
 */
export function writeUsage(usage: Usage | null): JsonObject {
  const { input, cacheRead, cacheWrite5m, cacheWrite1h, output, reasoning } = usage ?? NONE;
  return {
    input_tokens: input,
    cache_creation_input_tokens: cacheWrite5m + cacheWrite1h,
    cache_read_input_tokens: cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: cacheWrite5m, ephemeral_1h_input_tokens: cacheWrite1h },
    output_tokens: output,
    output_tokens_details: { thinking_tokens: reasoning },
    server_tool_use: null,
    service_tier: null,
    inference_geo: null,
    speed: null,
  };
}

const NONE: Usage = { input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0, reasoning: 0 };
