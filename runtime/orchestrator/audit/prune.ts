import type { Store } from '../../store/store.ts';
import type { AuditTables } from './tables.ts';

/** Deletes what is older than `before`, and the oldest beyond `most`. */
export async function prune(store: Store, before: number, most: number): Promise<void> {
  const tables = store.tables<AuditTables>();
  await tables.deleteFrom('audit_entries').where('at', '<', before).execute();
  const last = await tables.selectFrom('audit_entries').select('id').orderBy('id', 'desc').offset(most).limit(1).executeTakeFirst();
  if (last !== undefined) await tables.deleteFrom('audit_entries').where('id', '<=', last.id).execute();
}
