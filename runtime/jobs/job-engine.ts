import type { Job, JobEvent, JobState, NewJob } from './job.ts';

/** Who may work: an agent, and the holder under whose lease it does. */
export interface Seat {
  readonly agent: string;
  readonly holder: string;
}

/** An agent that has nothing to do, and what it may take. */
export interface Offer extends Seat {
  readonly types: readonly string[];
  /** Average ms by type, of those it has done. */
  readonly latency: Readonly<Record<string, number>>;
  /** Whose jobs alone it takes; absent: everybody's. */
  readonly caller?: string | null;
}

/** A right to end one job; what an older right ends is refused. */
export interface Lease {
  readonly id: string;
  /** null = the word of an operator, which holds whoever works at it. */
  readonly token: number | null;
}

/** `replayed`: the same request was accepted before; `conflict`: another one with the same key; `full`: too many wait. */
export interface Enqueued {
  readonly result: 'accepted' | 'replayed' | 'conflict' | 'full';
  readonly job: Job | null;
  /** Jobs that wait in the queue now. */
  readonly pending: number;
}

export interface Claimed {
  readonly jobs: readonly Job[];
  /** Ms until a job that waits for its time may be due; null = none does. */
  readonly wait: number | null;
  /** Jobs that wait in the queue now. */
  readonly pending: number;
  /** Holders of the offers that were given up: their agents hold nothing any more. */
  readonly lost: readonly string[];
}

/** What became of an attempt to end a job. `stale`: it belongs to somebody else by now, or has ended; `job` is what it is then. */
export interface Ended {
  readonly result: 'done' | 'stale' | 'unknown';
  readonly job: Job | null;
}

export interface JobFilter {
  readonly queue: string;
  readonly states?: readonly JobState[];
  readonly types?: readonly string[];
  readonly agent?: string;
  /** Only those of this caller. */
  readonly caller?: string | null;
  readonly limit: number;
  /** The `cursor` of the page before. */
  readonly cursor?: number;
}

export interface JobPage {
  /** Newest first. */
  readonly jobs: readonly Job[];
  /** null = this was the last one. */
  readonly cursor: number | null;
}

/** Counted since the store was made; what is no longer remembered counts on. */
export interface JobStats {
  readonly submitted: number;
  readonly pending: number;
  readonly inProgress: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Averages in ms; null = there is nothing to take one of. */
  readonly averageDuration: number | null;
  readonly averageAssignment: number | null;
}

/** A hint, which may be lost: `work` = somebody free should ask, `ended` = the job of that id ended elsewhere, `expired` = a lease ran out. */
export type JobHint =
  | { readonly kind: 'work'; readonly queue: string }
  | { readonly kind: 'ended'; readonly id: string }
  | { readonly kind: 'expired'; readonly id: string; readonly agent: string | null; readonly holder: string; readonly state: JobState };

/**
 * Where jobs are kept until they have ended: every call that changes something is durable when it resolves. A job in progress is under the
 * lease of a holder (a process, or an agent elsewhere) that must be heard of; when it is not, its jobs go to somebody else.
 */
export interface JobEngine {
  /** A new holder; it is given up when nothing is heard of it for `lease` ms while it holds jobs. */
  join(holder: string, lease: number): Promise<void>;
  /** Record, idempotency key and history in one transaction. `seat`: who takes it at once; null = it waits. */
  enqueue(job: NewJob, seat: Seat | null): Promise<Enqueued>;
  /** Gives jobs to agents, in order; see `chooseAgent`. */
  claim(queue: string, offers: readonly Offer[]): Promise<Claimed>;
  /** The holder is alive. False: it was given up before, and holds nothing any more. */
  heartbeat(holder: string): Promise<boolean>;
  complete(lease: Lease, result: string | null): Promise<Ended>;
  /**
   * One attempt failed: another agent takes the job (`seat`), or it waits `delay` ms, or it has no attempt left, or is not to be tried
   * again (`final`), and is dead.
   */
  fail(
    lease: Lease,
    error: string,
    options: { readonly seat: Seat | null; readonly delay: number; readonly final: boolean },
  ): Promise<Ended>;
  /** Gives a job back: nobody is to blame. */
  release(lease: Lease): Promise<Ended>;
  cancel(id: string, reason: string): Promise<Ended>;
  /** Cancels what waits; how many. */
  cancelPending(queue: string, reason: string): Promise<number>;
  /** A dead job begins again, as if it were new. `full`: too many wait. */
  redrive(id: string, depth: number): Promise<Ended | { readonly result: 'full'; readonly job: Job }>;
  /** Gives up holders that were not heard of, now; how many jobs were recovered. It happens by itself, too. */
  sweep(): Promise<number>;
  get(id: string): Promise<Job | null>;
  list(filter: JobFilter): Promise<JobPage>;
  stats(queue: string): Promise<JobStats>;
  /** Everything that happened to a job, in order. */
  history(id: string): Promise<readonly JobEvent[]>;
  /** How many agents a queue had when it was last told; they are started again with the process. */
  readSize(queue: string): Promise<number>;
  writeSize(queue: string, size: number): Promise<void>;
  listen(hear: (hint: JobHint) => void): Promise<void>;
  /** Gives back what `holder` holds, and ends. */
  close(holder: string): Promise<void>;
}
