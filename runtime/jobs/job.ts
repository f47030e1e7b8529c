/** States of a job, in the words of its record. The last three are ends: a job reaches exactly one of them, once. */
export const JOB_STATES = ['pending', 'in_progress', 'completed', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** What happens to a job, in its history. `returned`: given back without blame; `expired`: its holder was not heard of for a lease. */
export const JOB_EVENTS = [
  'queued',
  'assigned',
  'attempt-failed',
  'returned',
  'expired',
  'completed',
  'failed',
  'cancelled',
  'redriven',
] as const;
export type JobEventKind = (typeof JOB_EVENTS)[number];

/** A job as it is remembered. Times are ms since 1970, payload and result are JSON texts. */
export interface Job {
  readonly id: string;
  readonly queue: string;
  readonly type: string;
  readonly payload: string;
  /** Higher goes first; among equals the older one. */
  readonly priority: number;
  readonly state: JobState;
  readonly preferredAgent: string | null;
  /** Who works at it, or who did last. */
  readonly agent: string | null;
  /** Whose lease it is under; null = nobody's. */
  readonly holder: string | null;
  /** Fencing token: grows with every assignment, and only the newest may end the job. */
  readonly token: number;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly failedAgents: readonly string[];
  /** Earliest next attempt. */
  readonly notBefore: number | null;
  readonly createdAt: number;
  /** Of the latest attempt. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** From its creation to its first agent. */
  readonly assignmentLatency: number | null;
  readonly result: string | null;
  readonly error: string | null;
  readonly trace: string;
  /** Who asked for it, by name; null = nobody in particular. */
  readonly caller: string | null;
}

export interface NewJob {
  readonly id: string;
  readonly queue: string;
  readonly type: string;
  readonly payload: string;
  readonly priority: number;
  readonly preferredAgent: string | null;
  readonly maxAttempts: number;
  readonly trace: string;
  readonly caller: string | null;
  /** When it was asked for, ms since 1970. */
  readonly createdAt: number;
  /** The caller's word for this very request, and a digest of what it asks; null = none was given. */
  readonly idempotency: { readonly key: string; readonly digest: string } | null;
  /** Most jobs that may wait in the queue, this one included. */
  readonly depth: number;
}

export interface JobEvent {
  readonly job: string;
  readonly at: number;
  readonly event: JobEventKind;
  readonly agent: string | null;
  readonly holder: string | null;
  readonly token: number;
  readonly detail: string | null;
}

export function hasEnded(state: JobState): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}
