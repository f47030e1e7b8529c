import type { Job } from '../../jobs/job.ts';

/** A task as the API tells it. */
export function describeTask(job: Job) {
  return {
    task_id: job.id,
    task_type: job.type,
    payload: JSON.parse(job.payload) as unknown,
    status: job.state,
    priority: job.priority,
    preferred_agent_id: job.preferredAgent,
    assigned_agent_id: job.state === 'pending' ? null : job.agent,
    attempt_count: job.attempts,
    max_attempts: job.maxAttempts,
    failed_agent_ids: [...job.failedAgents],
    created_at: toTime(job.createdAt)!,
    started_at: toTime(job.startedAt),
    completed_at: toTime(job.endedAt),
    assignment_latency_ms: job.assignmentLatency,
    token: job.token,
    result: job.result === null ? null : (JSON.parse(job.result) as unknown),
    error: job.error,
    trace_id: job.trace,
  };
}

export function toTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
