import type { StopReason } from '../../backends/anthropic/stop-reasons.ts';
import type { FinishReason } from '../../backends/translate/finish-reason.ts';
import type { JsonObject } from '../../backends/translate/json-object.ts';
import type { ChatEnd } from '../read-completion.ts';

const REASONS: Readonly<Record<FinishReason, StopReason>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
};

/**
 * Why an answer ended. A refusal says so, whatever the reason; a stop sequence is told only where the server named one that was asked for.
 * Source: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
 */
export function writeStop(end: Pick<ChatEnd, 'finish' | 'stop'>, refusal: string | null, echo: JsonObject): JsonObject {
  const stops = echo.stops as readonly string[];
  const sequence = end.finish === 'stop' && end.stop !== null && stops.includes(end.stop) ? end.stop : null;
  const reason = refusal !== null ? 'refusal' : sequence !== null ? 'stop_sequence' : REASONS[end.finish];
  return {
    stop_reason: reason,
    stop_sequence: sequence,
    stop_details: reason === 'refusal' ? { type: 'refusal', category: null, explanation: refusal } : null,
  };
}
