import { isMissing } from '../service-error.ts';
import type { TaskHandler } from '../task-handler.ts';

/**
 * Tasks of the discovery service, `discovery` and `migration`: it is asked with the task, and its answer is the result. Without one
 * (`--discovery-url`) they are kept for whoever does the work.
 */
export const discovery: TaskHandler = async ({ id, type, payload }, context) => {
  try {
    return await context.call('discovery', { task_id: id, task_type: type, payload });
  } catch (error) {
    if (isMissing(error)) return context.held;
    throw error;
  }
};
