import type { AuditEntry } from '../audit.ts';

/** Statuses by which a call is refused: not known, not allowed, in conflict, too large, wrong, too many. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 409, 413, 422, 429, 431]);
/** Codes of a 503 by which a limit keeps a call out. */
const LIMITS: ReadonlySet<string | null> = new Set(['overloaded', 'too_many_readers', 'busy', 'no_capacity']);

/** What a call is to the audit log, by its answer; null = nothing: it changed nothing, and was not refused. */
export function judgeCall(status: number, code: string | null, changes: boolean): AuditEntry['outcome'] | null {
  if (REFUSALS.has(status) || (status === 503 && LIMITS.has(code))) return 'refused';
  if (!changes) return null;
  return status < 400 ? 'done' : 'failed';
}
