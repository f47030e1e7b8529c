import { sql, type Transaction } from 'kysely';
import type { Store, StoreKind } from '../store/store.ts';
import { LEASE } from './exchange.ts';
import { expireEntries } from './expire-entries.ts';
import { lockAccounts } from './lock-accounts.ts';
import { loseSlices } from './return-slices.ts';
import type { LedgerTables } from './tables.ts';
import { nameHour } from './write-spend.ts';

/** A sum that does not equal what it is the sum of, in nano-dollars. Never happens; is an alarm where it does. */
export interface Drift {
  readonly budget: string;
  readonly scope: string;
  readonly span: string;
  readonly counter: 'settled' | 'reserved' | 'held';
  readonly counted: number;
  readonly summed: number;
}

export interface AuditReport {
  readonly drifts: readonly Drift[];
  /** Entries whose timeout passed, and that count at their bound since. */
  readonly expired: number;
  /** Processes that ended without a word, and whose slices count as spent since. */
  readonly lost: number;
  readonly pruned: number;
}

export interface AuditOptions {
  readonly holder: string;
  /** How long closed entries are kept, in ms. */
  readonly retention: number;
}

/** How long a process may be silent beyond its lease before its slices are given up, in ms. */
const PATIENCE = 60_000;
/** Entries that closed longer ago than this are folded: summed for good. A late word about one of them unfolds it. */
const SETTLED_LONG = 600_000;
/** Rows that one audit folds or prunes: what is left waits for the next. */
const ROWS = 20_000;
/** How long sums of spend are kept, in ms: two years and a month. */
const SPEND_KEPT = 762 * 86_400_000;

/** Compares counters with entries, closes what was forgotten, folds and prunes. */
export async function audit(store: Store, options: AuditOptions, now: number): Promise<AuditReport> {
  const expired = await store.write<LedgerTables, number>((transaction) => expireEntries(transaction, store.kind, options.holder, now));
  const lost = await bury(store, options.holder, now);
  const drifts = await store.write<LedgerTables, Drift[]>((transaction) => compare(transaction));
  await store.write<LedgerTables, void>((transaction) => fold(transaction, store.kind, now - SETTLED_LONG));
  const pruned = await store.write<LedgerTables, number>((transaction) => prune(transaction, now, options.retention));
  return { drifts, expired, lost, pruned };
}

async function bury(store: Store, self: string, now: number): Promise<number> {
  const silent = await store
    .tables<LedgerTables>()
    .selectFrom('ledger_holders')
    .select('id')
    .where('expires_at', '<', now - PATIENCE - LEASE)
    .where('id', '!=', self)
    .execute();
  for (const { id } of silent) await store.write<LedgerTables, unknown>((transaction) => loseSlices(transaction, store.kind, id));
  return silent.length;
}

/** One statement for each comparison: it sees one moment, whatever others write meanwhile. */
async function compare(transaction: Transaction<LedgerTables>): Promise<Drift[]> {
  const { rows } = await sql<{
    budget: string;
    scope: string;
    span: string;
    settled: number;
    reserved: number;
    held: number;
    folded: number;
    closed: number;
    open: number;
    sliced: number;
  }>`
    select a.budget, a.scope, a.span, a.settled, a.reserved, a.held, a.folded,
      cast(coalesce(e.closed, 0) as bigint) as closed, cast(coalesce(e.open, 0) as bigint) as open, cast(coalesce(s.sliced, 0) as bigint) as sliced
    from ledger_accounts a
    left join (
      select l.account, sum(case when x.state = 'reserved' then 0 else coalesce(x.actual, 0) end) as closed,
        sum(case when x.state = 'reserved' then x.bound else 0 end) as open
      from ledger_entries x join ledger_lines l on l.entry = x.id where x.folded = 0 group by l.account
    ) e on e.account = a.id
    left join (select account, sum(amount) as sliced from ledger_slices group by account) s on s.account = a.id`.execute(transaction);
  return rows.flatMap(({ budget, scope, span, settled, reserved, held, folded, closed, open, sliced }) => {
    const pairs = [
      ['settled', settled, folded + closed],
      ['reserved', reserved, open],
      ['held', held, sliced],
    ] as const;
    return pairs
      .filter(([, counted, summed]) => counted !== summed)
      .map(([counter, counted, summed]) => ({ budget, scope, span, counter, counted, summed }));
  });
}

async function fold(transaction: Transaction<LedgerTables>, kind: StoreKind, before: number): Promise<void> {
  const due = (): Promise<{ id: string }[]> =>
    transaction
      .selectFrom('ledger_entries')
      .select('id')
      .where('folded', '=', 0)
      .where('state', '!=', 'reserved')
      .where('closed_at', '<', before)
      .orderBy('id')
      .limit(ROWS)
      .execute();
  const last = (await due()).at(-1)?.id;
  if (last === undefined) return;
  const accounts = await transaction.selectFrom('ledger_accounts').select('id').execute();
  const rows = await lockAccounts(
    transaction,
    kind,
    accounts.map(({ id }) => id),
  );
  // Read again: another process may have folded some before the accounts were locked.
  const ids = (await due()).map(({ id }) => id).filter((id) => id <= last);
  for (let at = 0; at < ids.length; at += 500) {
    const chunk = ids.slice(at, at + 500);
    const sums = await transaction
      .selectFrom('ledger_lines')
      .innerJoin('ledger_entries', 'ledger_entries.id', 'ledger_lines.entry')
      .select(['account', sql<number>`cast(sum(coalesce(actual, 0)) as bigint)`.as('sum')])
      .where('entry', 'in', chunk)
      .groupBy('account')
      .execute();
    for (const { account, sum } of sums) {
      const row = rows.find(({ id }) => id === account);
      if (row === undefined) throw new Error(`account ${account} came while entries were folded`);
      row.folded += sum;
      await transaction.updateTable('ledger_accounts').set({ folded: row.folded }).where('id', '=', account).execute();
    }
    await transaction.updateTable('ledger_entries').set({ folded: 1 }).where('id', 'in', chunk).execute();
  }
}

async function prune(transaction: Transaction<LedgerTables>, now: number, retention: number): Promise<number> {
  const query = transaction.selectFrom('ledger_entries').select('id').where('folded', '=', 1);
  const old = query.where('closed_at', '<', now - retention).limit(ROWS);
  const { numDeletedRows } = await transaction.deleteFrom('ledger_entries').where('id', 'in', old).executeTakeFirst();
  const end = nameHour(Math.max(0, now - SPEND_KEPT));
  await transaction.deleteFrom('ledger_spend').where('hour', '<', end).execute();
  await transaction
    .deleteFrom('ledger_accounts')
    .where('span', '<', end.slice(0, 7))
    .where('id', 'not in', transaction.selectFrom('ledger_lines').select('account'))
    .where('id', 'not in', transaction.selectFrom('ledger_slices').select('account'))
    .execute();
  return Number(numDeletedRows);
}
