import type { FinishReason } from '../backends/translate/finish-reason.ts';

const REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
} satisfies Record<FinishReason | 'function_call', FinishReason>;

/** Total: a reason that nobody knows is a `stop`; one that fits the calls or their absence stands in place of one that does not. */
export function readFinish(reason: unknown, calls: number): FinishReason {
  const known = typeof reason === 'string' && Object.hasOwn(REASONS, reason) ? REASONS[reason] : 'stop';
  if (known === 'stop' && calls > 0) return 'tool_calls';
  return known === 'tool_calls' && calls === 0 ? 'stop' : known;
}
