import type { FinishReason } from '../translate/finish-reason.ts';

/** Why Claude stops. Source: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons */
export const STOP_REASONS = [
  'end_turn',
  'stop_sequence',
  'max_tokens',
  'tool_use',
  'pause_turn',
  'refusal',
  'model_context_window_exceeded',
  'compaction',
] as const;
export type StopReason = (typeof STOP_REASONS)[number];

const FINISH: Readonly<Record<StopReason, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  tool_use: 'tool_calls',
  pause_turn: 'stop',
  refusal: 'content_filter',
  model_context_window_exceeded: 'length',
  compaction: 'stop',
};

/** Total: a reason that is not known yet is a `stop`, and is told to the log. */
export function readStopReason(reason: unknown): { readonly finish: FinishReason; readonly warnings: readonly string[] } {
  if (typeof reason === 'string' && Object.hasOwn(FINISH, reason)) return { finish: FINISH[reason as StopReason], warnings: [] };
  const word = typeof reason === 'string' && /^\w{1,40}$/.test(reason) ? reason.toLowerCase() : 'none';
  return { finish: 'stop', warnings: [`stop-reason-unknown=${word}`] };
}
