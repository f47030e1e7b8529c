import type { Transaction } from 'kysely';
import type { StoreKind } from '../store/store.ts';
import type { Hint } from './clerk.ts';
import { lockAccounts } from './lock-accounts.ts';
import type { LedgerTables } from './tables.ts';

/** Takes a holder out of the books, what its slices hold going back. Gives the accounts that got some. */
export async function returnSlices(transaction: Transaction<LedgerTables>, kind: StoreKind, holder: string): Promise<Hint[]> {
  return release(transaction, kind, holder, 'returned');
}

/** The same for one that ended without a word: what its slices hold may have been spent, and stays counted. */
export async function loseSlices(transaction: Transaction<LedgerTables>, kind: StoreKind, holder: string): Promise<Hint[]> {
  return release(transaction, kind, holder, 'lost');
}

async function release(transaction: Transaction<LedgerTables>, kind: StoreKind, holder: string, how: 'returned' | 'lost'): Promise<Hint[]> {
  const ids = await transaction.selectFrom('ledger_slices').select('account').where('holder', '=', holder).execute();
  const rows = await lockAccounts(
    transaction,
    kind,
    ids.map(({ account }) => account),
  );
  // Read again: who ended without a word may have come back before the accounts were locked.
  const slices = await transaction.selectFrom('ledger_slices').selectAll().where('holder', '=', holder).execute();
  const hints: Hint[] = [];
  for (const { id, budget, scope, span, held, lost } of rows) {
    const amount = slices.find(({ account }) => account === id)?.amount ?? 0;
    if (amount === 0) continue;
    const sums = { held: held - amount, lost: how === 'lost' ? lost + amount : lost };
    await transaction.updateTable('ledger_accounts').set(sums).where('id', '=', id).execute();
    hints.push({ kind: 'answer', holder, budget, scope, span });
  }
  const locked = rows.map(({ id }) => id);
  if (locked.length > 0) {
    await transaction.deleteFrom('ledger_slices').where('holder', '=', holder).where('account', 'in', locked).execute();
  }
  await transaction.deleteFrom('ledger_holders').where('id', '=', holder).execute();
  return hints;
}
