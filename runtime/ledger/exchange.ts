import type { Transaction } from 'kysely';
import type { StoreKind } from '../store/store.ts';
import type { AccountState, Batch, Reply } from './batch.ts';
import type { Hint } from './clerk.ts';
import { type AccountRow, lockAccounts } from './lock-accounts.ts';
import { shareOut } from './share-out.ts';
import type { LedgerTables } from './tables.ts';
import { teach } from './teach.ts';
import { writeEntries } from './write-entries.ts';
import { writeSpend } from './write-spend.ts';

/** How long a process counts as living after its last batch, in ms. Only waiting depends on it: its slices count for ever. */
export const LEASE = 15_000;

/** Sums of an account while a batch is applied. */
interface Tally {
  settled: number;
  reserved: number;
  held: number;
  lost: number;
  folded: number;
  recall: number;
  slice: number;
  answered: number;
  starved: boolean;
}

interface OtherSlice {
  readonly account: number;
  readonly amount: number;
  readonly answered: number;
}

/**
 * One batch in one transaction: entries are written, slices follow them, what is asked for is drawn. A batch that was applied before, whose
 * answer was lost, only reads.
 */
export async function exchange(
  transaction: Transaction<LedgerTables>,
  kind: StoreKind,
  batch: Batch,
  ids: readonly number[],
  now: number,
): Promise<{ reply: Reply; hints: readonly Hint[] }> {
  const isNew = await register(transaction, batch, now);
  const rows = new Map((await lockAccounts(transaction, kind, ids)).map((row) => [row.id, row]));
  const slices = await readSlices(transaction, batch.holder, ids, now);
  const tallies = ids.map((id) => makeTally(rows.get(id)!, slices.own.get(id)));
  const hints: Hint[] = [];
  let calibration: Reply['calibration'] = [];
  if (isNew) {
    const closed = await writeEntries(transaction, batch, ids, tallies);
    hints.push(...draw(batch, tallies));
    await writeAccounts(transaction, batch, ids, tallies);
    await writeSpend(transaction, batch.accounts, closed);
    calibration = await teach(transaction, closed);
  }
  const accounts = ids.map((id, i) => describe(batch.accounts[i].limit, tallies[i], slices.others.get(id) ?? []));
  return { reply: { accounts, calibration }, hints };
}

/** Renews the holder's lease; false where the batch was applied before. One statement: an earlier try of it may still be under way. */
async function register(transaction: Transaction<LedgerTables>, { holder, number }: Batch, now: number): Promise<boolean> {
  const applied = await transaction
    .insertInto('ledger_holders')
    .values({ id: holder, batch: number, expires_at: now + LEASE })
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet((row) => ({ batch: row.ref('excluded.batch'), expires_at: row.ref('excluded.expires_at') }))
        .whereRef('ledger_holders.batch', '<', 'excluded.batch'),
    )
    .returning('id')
    .execute();
  return applied.length > 0;
}

async function readSlices(
  transaction: Transaction<LedgerTables>,
  holder: string,
  ids: readonly number[],
  now: number,
): Promise<{ own: Map<number, { amount: number; answered: number }>; others: Map<number, OtherSlice[]> }> {
  const own = new Map<number, { amount: number; answered: number }>();
  const others = new Map<number, OtherSlice[]>();
  if (ids.length === 0) return { own, others };
  const found = await transaction
    .selectFrom('ledger_slices')
    .leftJoin('ledger_holders', 'ledger_holders.id', 'ledger_slices.holder')
    .select(['account', 'holder', 'amount', 'answered', 'expires_at'])
    .where('account', 'in', ids)
    .execute();
  for (const slice of found) {
    if (slice.holder === holder) own.set(slice.account, slice);
    else if (slice.amount > 0 && (slice.expires_at ?? 0) > now) {
      const list = others.get(slice.account) ?? [];
      others.set(slice.account, list);
      list.push(slice);
    }
  }
  return { own, others };
}

function makeTally(row: AccountRow, slice: { amount: number; answered: number } | undefined): Tally {
  const { settled, reserved, held, lost, folded, recall } = row;
  return { settled, reserved, held, lost, folded, recall, slice: slice?.amount ?? 0, answered: slice?.answered ?? 0, starved: false };
}

/** Gives back, then shares out. */
function draw(batch: Batch, tallies: readonly Tally[]): Hint[] {
  const hints: Hint[] = [];
  batch.accounts.forEach((order, i) => {
    if (!order.enforced) return;
    const tally = tallies[i];
    const { budget, scope, span } = order;
    addToSlice(tally, -Math.min(order.giveBack, tally.slice));
    if (order.answers && tally.answered < tally.recall) {
      tally.answered = tally.recall;
      hints.push({ kind: 'answer', holder: batch.holder, budget, scope, span });
    }
    const { grant, starved } = shareOut(order, tally, tally.slice);
    addToSlice(tally, grant);
    tally.starved = starved;
    if (starved && order.fresh && tally.held > tally.slice) {
      // Whoever asks has nothing to answer to itself, unless it owes an answer to another.
      if (tally.answered === tally.recall) tally.answered++;
      tally.recall++;
      hints.push({ kind: 'recall', holder: batch.holder, budget, scope, span });
    }
  });
  return hints;
}

function addToSlice(tally: Tally, amount: number): void {
  tally.slice += amount;
  tally.held += amount;
}

async function writeAccounts(
  transaction: Transaction<LedgerTables>,
  { holder, accounts }: Batch,
  ids: readonly number[],
  tallies: readonly Tally[],
): Promise<void> {
  for (const [i, { settled, reserved, held, lost, folded, recall }] of tallies.entries()) {
    const sums = { limit_nanos: accounts[i].limit, settled, reserved, held, lost, folded, recall };
    await transaction.updateTable('ledger_accounts').set(sums).where('id', '=', ids[i]).execute();
  }
  const slices = ids.map((account, i) => ({ account, holder, amount: tallies[i].slice, answered: tallies[i].answered }));
  const kept = slices.filter((_, i) => accounts[i].enforced);
  if (kept.length === 0) return;
  await transaction
    .insertInto('ledger_slices')
    .values(kept)
    .onConflict((conflict) =>
      conflict
        .columns(['account', 'holder'])
        .doUpdateSet((row) => ({ amount: row.ref('excluded.amount'), answered: row.ref('excluded.answered') })),
    )
    .execute();
}

function describe(
  limit: number,
  { settled, reserved, held, lost, recall, slice, answered: ownAnswer, starved }: Tally,
  others: readonly OtherSlice[],
): AccountState {
  const answered = Math.min(...others.map((other) => other.answered));
  return { limit, settled, reserved, held, lost, slice, starved, recall, ownAnswer, answered };
}
