import type { Usage } from '../../../schema/usage.ts';
import type { JsonObject } from '../translate/json-object.ts';

/**
 * `prompt_eval_count` and `eval_count` in the normal form; null where neither is told. A count of zero is left out on the wire. What was
 * thought is part of what was said, and not told apart.
 * Source: https://docs.ollama.com/api/usage
 */
export function readUsage(answer: JsonObject): Usage | null {
  const input = readCount(answer.prompt_eval_count);
  const output = readCount(answer.eval_count);
  if (input === null && output === null) return null;
  return { input: input ?? 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: output ?? 0, reasoning: 0 };
}

function readCount(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null;
}
