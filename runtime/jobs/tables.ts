import type { Generated } from 'kysely';
import type { JobEventKind, JobState } from './job.ts';

/** The tables of `store/migrations/0002-jobs.ts`. Times are ms since 1970; payload, result and lists are JSON. */
export interface JobTables {
  jobs: {
    seq: Generated<number>;
    id: string;
    queue: string;
    type: string;
    payload: string;
    priority: number;
    state: JobState;
    preferred_agent: string | null;
    agent: string | null;
    holder: string | null;
    token: number;
    attempts: number;
    max_attempts: number;
    failed_agents: string;
    not_before: number | null;
    created_at: number;
    started_at: number | null;
    ended_at: number | null;
    assignment_ms: number | null;
    result: string | null;
    error: string | null;
    trace: string;
    caller: string | null;
    /** What the delivery of a waiting job is called where somebody else delivers it. */
    delivery: string | null;
  };
  /** Requests that callers gave a key to. */
  job_keys: { queue: string; caller: string; key: string; digest: string; job: string };
  /** `beat` grows while the holder lives; it is given up when nobody saw it grow for `lease` ms. */
  job_holders: { id: string; beat: number; lease: number };
  job_events: {
    seq: Generated<number>;
    job: string;
    at: number;
    event: JobEventKind;
    agent: string | null;
    holder: string | null;
    token: number;
    detail: string | null;
  };
  /** Sums over all jobs that ever were, by queue. */
  job_totals: { queue: string; name: TotalName; amount: number };
}

/** `duration` and `assignment` are sums of ms over completed jobs and over `assigned` first assignments. `size` is no sum: agents to start. */
export const TOTAL_NAMES = ['submitted', 'completed', 'failed', 'cancelled', 'duration', 'assignment', 'assigned', 'size'] as const;
export type TotalName = (typeof TOTAL_NAMES)[number];
