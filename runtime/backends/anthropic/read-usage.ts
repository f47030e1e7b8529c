import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import type { Usage } from '../../../schema/usage.ts';

/**
 * Usage in the normal form: of an answer, or of a stream, whose later figures are cumulative and replace the earlier ones (null leaves
 * them). Figures of Anthropic do not overlap: `input_tokens` is what no cache had.
 * Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance
 *
 * @param before what was known; null = nothing.
 */
export function readUsage(value: unknown, before: Usage | null): Usage | null {
  if (!isJsonObject(value)) return before;
  const known = before ?? { input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0, reasoning: 0 };
  const output = readCount(value, 'output_tokens') ?? known.output;
  const details = isJsonObject(value.output_tokens_details) ? value.output_tokens_details : {};
  return {
    input: readCount(value, 'input_tokens') ?? known.input,
    cacheRead: readCount(value, 'cache_read_input_tokens') ?? known.cacheRead,
    ...readCacheWrites(value, known),
    output,
    reasoning: Math.min(output, readCount(details, 'thinking_tokens') ?? known.reasoning),
  };
}

/** The lives of what was written are told apart or not; a later sum without them takes the hour's share as it was. */
function readCacheWrites(value: JsonObject, known: Usage): Pick<Usage, 'cacheWrite5m' | 'cacheWrite1h'> {
  const apart = isJsonObject(value.cache_creation) ? value.cache_creation : {};
  const short = readCount(apart, 'ephemeral_5m_input_tokens');
  const long = readCount(apart, 'ephemeral_1h_input_tokens');
  if (short !== null || long !== null) return { cacheWrite5m: short ?? 0, cacheWrite1h: long ?? 0 };
  const sum = readCount(value, 'cache_creation_input_tokens');
  if (sum === null) return { cacheWrite5m: known.cacheWrite5m, cacheWrite1h: known.cacheWrite1h };
  const hour = Math.min(sum, known.cacheWrite1h);
  return { cacheWrite5m: sum - hour, cacheWrite1h: hour };
}

function readCount(value: JsonObject, name: string): number | null {
  const count = value[name];
  return Number.isSafeInteger(count) && (count as number) >= 0 ? (count as number) : null;
}
