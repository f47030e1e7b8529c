import { makeId } from '../../jobs/make-id.ts';
import type { AuditEntry } from '../audit.ts';
import type { AuditRow } from './tables.ts';

const MINUTE = 60_000;
/** Entries of one kind that are kept each, in a minute; those beyond are counted in the last of them. */
const EACH: Readonly<Record<AuditEntry['outcome'], number>> = { refused: 1, failed: 10, done: 1_000 };
/** Kinds that are counted in a minute. There are as many as callers, routes and codes give; beyond, entries are kept each. */
const KINDS = 4_096;

interface Kind {
  kept: number;
  last: AuditRow;
}

/**
 * Makes rows of entries: a flood of the same refusals by the same caller becomes one row a minute, with their number. Alike are entries
 * of the same caller, action, outcome, status and code.
 */
export class Tally {
  readonly #kinds = new Map<string, Kind>();
  #minute = 0;

  /** A new row, or the one that now stands for this entry, too; null where it needs a new one and there must be none. */
  count(entry: AuditEntry, now: number, mayAdd: boolean): { readonly row: AuditRow; readonly isNew: boolean } | null {
    const minute = Math.floor(now / MINUTE);
    if (minute !== this.#minute) this.#kinds.clear();
    this.#minute = minute;
    const key = JSON.stringify([entry.caller, entry.action, entry.outcome, entry.status, entry.code]);
    const kind = this.#kinds.get(key);
    if (kind !== undefined && kind.kept >= EACH[entry.outcome]) {
      kind.last.count++;
      kind.last.until = now;
      return { row: kind.last, isNew: false };
    }
    if (!mayAdd) return null;
    const row: AuditRow = { id: makeId(now), at: now, until: now, count: 1, ...entry };
    if (kind !== undefined) {
      kind.kept++;
      kind.last = row;
    } else if (this.#kinds.size < KINDS) this.#kinds.set(key, { kept: 1, last: row });
    return { row, isNew: true };
  }
}
