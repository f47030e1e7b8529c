/** A refusal, or something that changed. */
export interface AuditEntry {
  /** Name of the caller's key; null = nobody gave one, or it is not known. */
  readonly caller: string | null;
  /** `workload.schedule`, `workload.evict`, `context.ingest`, `policy.put`, …; where nobody named it, method and path of the route. */
  readonly action: string;
  /** What it was done to: an id, a name, a path; never a secret or a body. */
  readonly subject: string | null;
  readonly outcome: 'done' | 'refused' | 'failed';
  readonly status: number;
  /** Why, for programs: the code of the error; null = it was done. */
  readonly code: string | null;
  readonly detail: string | null;
  readonly request: string;
  readonly trace: string | null;
}

/**
 * Everything that was refused and everything that changed something, bounded by age and number. Never throws, never waits. Calls over
 * HTTP need not be told: a hook tells of each, with the action of the route (`config.audit`) and what its handler put into
 * `request.audited`.
 */
export interface AuditLog {
  add(entry: AuditEntry): void;
}

/** What is asked of an audit log; null and absent = any. */
export interface AuditFilter {
  readonly caller?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly outcome?: AuditEntry['outcome'];
  readonly status?: number;
  readonly code?: string;
  readonly request?: string;
  readonly trace?: string;
  /** Ms since 1970, inclusive. */
  readonly since?: number;
  readonly until?: number;
  /** Entries before this one: the `next` of the page before. */
  readonly before?: string;
}

/** An entry as it is remembered: several of a kind may be one. */
export interface RememberedEntry extends AuditEntry {
  readonly id: string;
  /** Ms since 1970 of the first and the last that it stands for. */
  readonly at: number;
  readonly until: number;
  readonly count: number;
}

/** An audit log that can be looked at. */
export interface AuditBook extends AuditLog {
  /** The newest first, at most `limit`, with what was told before the call. @throws where the store does not answer. */
  read(filter: AuditFilter, limit: number): Promise<readonly RememberedEntry[]>;
}
