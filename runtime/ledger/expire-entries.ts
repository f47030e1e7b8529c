import type { Transaction } from 'kysely';
import type { StoreKind } from '../store/store.ts';
import { lockAccounts } from './lock-accounts.ts';
import type { LedgerTables } from './tables.ts';
import { writeSpend } from './write-spend.ts';

/** Rows of one audit; what is left waits for the next. */
const ROWS = 500;
/** How long the asking process's own entries may be late, in ms: it closes them itself. */
const OWN_GRACE = 60_000;

/**
 * Closes entries whose timeout passed: nobody said what they cost, so that they count at their bound. The slices of a process that is gone
 * have paid for them already.
 */
export async function expireEntries(transaction: Transaction<LedgerTables>, kind: StoreKind, self: string, now: number): Promise<number> {
  const due = transaction
    .selectFrom('ledger_entries')
    .selectAll()
    .where('state', '=', 'reserved')
    .where('expires_at', '<', now)
    .where((where) => where.or([where('holder', '!=', self), where('expires_at', '<', now - OWN_GRACE)]))
    .orderBy('expires_at')
    .limit(ROWS);
  const found = (await due.execute()).map(({ id }) => id);
  if (found.length === 0) return 0;
  const lines = await transaction.selectFrom('ledger_lines').selectAll().where('entry', 'in', found).execute();
  const accounts = await lockAccounts(transaction, kind, [...new Set(lines.map(({ account }) => account))]);
  // Read again: with the accounts locked, nobody closes them any more.
  const entries = await transaction
    .selectFrom('ledger_entries')
    .selectAll()
    .where('id', 'in', found)
    .where('state', '=', 'reserved')
    .execute();
  const closed = entries.map((row) => {
    const own = lines.filter(({ entry }) => entry === row.id).map(({ account }) => accounts.findIndex(({ id }) => id === account));
    for (const i of own) {
      accounts[i].reserved -= row.bound;
      accounts[i].settled += row.bound;
    }
    const facts = { ...row, estimatedInput: row.estimated_input, estimatedOutput: row.estimated_output };
    const closing = { state: 'expired' as const, at: now, actual: row.bound, usage: null, duration: null };
    const entry = { id: row.id, isNew: false, bound: row.bound, reservedAt: row.reserved_at, expiresAt: row.expires_at, facts, closing };
    return { entry: { ...entry, accounts: own }, counted: 0, known: false };
  });
  for (const { id, reserved, settled } of accounts) {
    await transaction.updateTable('ledger_accounts').set({ reserved, settled }).where('id', '=', id).execute();
  }
  for (const { entry } of closed) {
    const end = { state: 'expired' as const, actual: entry.bound, closed_at: now };
    await transaction.updateTable('ledger_entries').set(end).where('id', '=', entry.id).execute();
  }
  await writeSpend(transaction, accounts, closed);
  return closed.length;
}
