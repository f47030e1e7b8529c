/**
 * Tokens of one answer in a normal form whose parts never overlap: the sum of all but `reasoning` is the total. `reasoning` is the share of
 * `output` that was thought and not said.
 */
export interface Usage {
  /** Fresh input, neither read from nor written to a cache. */
  readonly input: number;
  readonly cacheRead: number;
  /** Written to a cache that lives five minutes, or whose life is not told. */
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly output: number;
  readonly reasoning: number;
}

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
