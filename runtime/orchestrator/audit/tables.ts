import type { AuditEntry } from '../audit.ts';

/** The table of `store/migrations/0009-audit.ts`. */
export interface AuditTables {
  /**
   * One entry, or several that are alike. `id` grows with time. `at` is when the first of them happened, `until` the last, in ms since
   * 1970; `count` is how many they are. Subject, detail, request and trace are the first one's.
   */
  audit_entries: {
    id: string;
    at: number;
    until: number;
    count: number;
    caller: string | null;
    action: string;
    subject: string | null;
    outcome: AuditEntry['outcome'];
    status: number;
    code: string | null;
    detail: string | null;
    request: string;
    trace: string | null;
  };
}

export type AuditRow = AuditTables['audit_entries'];
