import type { Store } from '../../store/store.ts';
import type { AuditFilter } from '../audit.ts';
import type { AuditRow, AuditTables } from './tables.ts';

const SAME = ['caller', 'action', 'subject', 'outcome', 'status', 'code', 'request', 'trace'] as const;

/** The newest rows first, at most `limit`. */
export async function readRows(store: Store, filter: AuditFilter, limit: number): Promise<AuditRow[]> {
  let query = store.tables<AuditTables>().selectFrom('audit_entries').selectAll();
  for (const column of SAME) {
    const value = filter[column];
    if (value !== undefined) query = query.where(column, '=', value);
  }
  if (filter.since !== undefined) query = query.where('until', '>=', filter.since);
  if (filter.until !== undefined) query = query.where('at', '<=', filter.until);
  if (filter.before !== undefined) query = query.where('id', '<', filter.before);
  return query.orderBy('id', 'desc').limit(limit).execute();
}
