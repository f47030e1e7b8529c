import type { TaskHandler } from '../task-handler.ts';

/**
 * A question to a model: `payload.messages`, or `payload.prompt`; the other members are passed on as they are. A payload that asks nothing is
 * kept for whoever does the work.
 */
export const general: TaskHandler = async ({ payload }, context) => {
  const body = readQuestion(payload);
  return body === null ? context.held : context.call('chat', body);
};

function readQuestion(payload: unknown): Record<string, unknown> | null {
  if (typeof payload === 'string' && payload !== '') return { messages: [{ role: 'user', content: payload }] };
  if (typeof payload !== 'object' || payload === null) return null;
  const { prompt, ...rest } = payload as Record<string, unknown>;
  if (Array.isArray(rest.messages)) return { ...rest, stream: false };
  if (typeof prompt === 'string' && prompt !== '') return { ...rest, messages: [{ role: 'user', content: prompt }], stream: false };
  return null;
}
