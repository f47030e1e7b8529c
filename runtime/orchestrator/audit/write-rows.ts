import type { Store } from '../../store/store.ts';
import type { AuditRow, AuditTables } from './tables.ts';

/** Rows of one statement: 13 parameters each, of 32,766 that SQLite takes. */
const AT_ONCE = 200;

/** Writes rows, and the counts of those that are there, in one transaction. Doing it again changes nothing. */
export function writeRows(store: Store, added: readonly AuditRow[], counted: readonly AuditRow[]): Promise<void> {
  return store.write<AuditTables, void>(async (transaction) => {
    for (let at = 0; at < added.length; at += AT_ONCE) {
      await transaction
        .insertInto('audit_entries')
        .values(added.slice(at, at + AT_ONCE))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    }
    for (const { id, count, until } of counted) {
      await transaction.updateTable('audit_entries').set({ count, until }).where('id', '=', id).execute();
    }
  });
}
