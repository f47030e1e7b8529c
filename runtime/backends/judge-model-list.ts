import type { Health } from './dialect.ts';

/** A server that answers at all can be tried: some have no model list, and say 404 or 405. */
export function judgeModelList(status: number): Health {
  if (status === 401 || status === 403) return { state: 'down', reason: `the api key is refused (${status})` };
  if (status >= 500) return { state: 'down', reason: `the health check answers ${status}` };
  return { state: 'up' };
}
