import { isMissing } from '../service-error.ts';
import type { TaskContext, TaskHandler } from '../task-handler.ts';

/** A question that is answered from what the context search finds, where there is one: `payload.query`, and `payload.model`. */
export const research: TaskHandler = async ({ payload }, context) => {
  const { query, model, top_k: topK } = (payload ?? {}) as { query?: unknown; model?: unknown; top_k?: unknown };
  if (typeof query !== 'string' || query === '') return context.held;
  const sources = await search(context, query, topK);
  const found = sources.map((source, i) => `[${i + 1}] ${JSON.stringify(source)}`).join('\n');
  const content =
    found === '' ? query : `Answer from these sources, and name those you use by their number.\n${found}\n\nQuestion: ${query}`;
  const answer = await context.call('chat', { ...(model === undefined ? {} : { model }), messages: [{ role: 'user', content }] });
  return { answer, sources };
};

async function search(context: TaskContext, query: string, topK: unknown): Promise<readonly unknown[]> {
  try {
    const { results } = (await context.call('search', { query, ...(topK === undefined ? {} : { topK }) })) as { results?: unknown };
    return Array.isArray(results) ? results : [];
  } catch (error) {
    // A server without an orchestrator has no context: the model answers alone.
    if (!isMissing(error)) throw error;
    context.log('there is no context search here: the model answers without sources');
    return [];
  }
}
