import { isMissing } from '../service-error.ts';
import { FinalError, type TaskHandler } from '../task-handler.ts';

/** Documents for the context search: the payload is what `POST /v1/context/ingest` takes. */
export const ingest: TaskHandler = async ({ payload }, context) => {
  if (typeof payload !== 'object' || payload === null || Object.keys(payload).length === 0) return context.held;
  try {
    return await context.call('ingest', payload);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new FinalError('this server has no context to take documents into [no-context] help: start it with an orchestrator');
  }
};
