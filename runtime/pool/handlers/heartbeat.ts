import type { TaskHandler } from '../task-handler.ts';

/** Whether the server that the agent lives in answers, and how long that took. */
export const heartbeat: TaskHandler = async (_task, context) => {
  const begun = performance.now();
  const health = await context.call('health');
  return { alive: true, took_ms: Math.round((performance.now() - begun) * 10) / 10, health };
};
