import type { Selectable, Transaction } from 'kysely';
import type { StoreKind } from '../store/store.ts';
import type { LedgerTables } from './tables.ts';

export type AccountRow = Selectable<LedgerTables['ledger_accounts']>;

/** Reads accounts for change, in one order for everybody, so that no two wait for each other. SQLite has one writer anyway. */
export async function lockAccounts(transaction: Transaction<LedgerTables>, kind: StoreKind, ids: readonly number[]): Promise<AccountRow[]> {
  if (ids.length === 0) return [];
  const query = transaction.selectFrom('ledger_accounts').selectAll().where('id', 'in', ids).orderBy('id');
  return (kind === 'postgres' ? query.forNoKeyUpdate() : query).execute();
}
