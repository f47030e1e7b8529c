import type { Selectable } from 'kysely';
import type { Job } from './job.ts';
import type { JobTables } from './tables.ts';

export type JobRow = Selectable<JobTables['jobs']>;

export function readJob(row: JobRow): Job {
  return {
    id: row.id,
    queue: row.queue,
    type: row.type,
    payload: row.payload,
    priority: row.priority,
    state: row.state,
    preferredAgent: row.preferred_agent,
    agent: row.agent,
    holder: row.holder,
    token: row.token,
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    failedAgents: JSON.parse(row.failed_agents) as string[],
    notBefore: row.not_before,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    assignmentLatency: row.assignment_ms,
    result: row.result,
    error: row.error,
    trace: row.trace,
    caller: row.caller,
  };
}
