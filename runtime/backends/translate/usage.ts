import type { Usage } from '../../../schema/usage.ts';

/** As OpenAI says it: prompt tokens include what was read from and written to caches. */
export function writeUsage(usage: Usage): Readonly<Record<string, unknown>> {
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h;
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.output,
    total_tokens: prompt + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  };
}
