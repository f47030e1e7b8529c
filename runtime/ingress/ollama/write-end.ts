import type { FinishReason } from '../../backends/translate/finish-reason.ts';
import type { JsonObject } from '../../backends/translate/json-object.ts';
import type { ChatEnd } from '../read-completion.ts';

/** Ollama has two words for it. Source: https://docs.ollama.com/api/chat */
const REASONS: Readonly<Record<FinishReason, 'stop' | 'length'>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'stop',
  content_filter: 'stop',
};

/** The members that end an answer. Durations are Ollama's own and left out, as it leaves out what it does not know. */
export function writeEnd({ finish, usage }: ChatEnd): JsonObject {
  const counts =
    usage === null
      ? {}
      : {
          prompt_eval_count: usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h,
          eval_count: usage.output,
        };
  return { done: true, done_reason: REASONS[finish], ...counts };
}
