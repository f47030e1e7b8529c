import type { Sought } from './waiting-room.ts';

/** What the caller of an accepted workload is told, and told again when it asks the same with the same key. */
export function describeAcceptance(id: string, createdAt: number, sought: Sought) {
  return {
    job_id: id,
    status: sought.result === 'placed' ? ('scheduled' as const) : ('pending' as const),
    placement: sought.result === 'placed' ? sought.placed : null,
    /** Why it waits. */
    reasons: sought.result === 'placed' ? [] : sought.reasons,
    created_at: new Date(createdAt).toISOString(),
  };
}
