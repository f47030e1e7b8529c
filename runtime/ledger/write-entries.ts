import type { Insertable, Transaction } from 'kysely';
import type { Batch, EntryRecord } from './batch.ts';
import type { EntryState } from './entry.ts';
import type { LedgerTables } from './tables.ts';

/** Rows of one statement: below the number of parameters that both databases take. */
const ROWS = 500;

/** Sums that entries move. */
export interface MovableSums {
  settled: number;
  reserved: number;
  held: number;
  lost: number;
  folded: number;
  slice: number;
}

/** An entry that this batch closed. `counted`: what was counted as settled for it before. */
export interface ClosedEntry {
  readonly entry: EntryRecord;
  readonly counted: number;
  /** Whether it was counted as an attempt before. */
  readonly known: boolean;
}

/** Writes the entries of a batch and moves the sums of their accounts; gives those that it closed. */
export async function writeEntries(
  transaction: Transaction<LedgerTables>,
  batch: Batch,
  ids: readonly number[],
  sums: readonly MovableSums[],
): Promise<ClosedEntry[]> {
  const states = await readStates(transaction, batch.entries);
  const written: EntryRecord[] = [];
  const closed: ClosedEntry[] = [];
  for (const entry of batch.entries) {
    const { state: before, folded } = states.get(entry.id) ?? UNTOLD;
    // Closed is closed: only what nobody had a word of is corrected.
    if (before === 'settled' || before === 'void' || (before !== null && entry.closing === null)) continue;
    written.push(entry);
    const was = { reserved: before === 'reserved' ? entry.bound : 0, settled: before === 'expired' ? entry.bound : 0 };
    const is = { reserved: entry.closing === null ? entry.bound : 0, settled: entry.closing?.actual ?? 0 };
    for (const account of entry.accounts) {
      move(sums[account], batch.accounts[account].enforced, was, is);
      // It is counted anew with the others that are not folded yet.
      if (folded === 1) sums[account].folded -= entry.bound;
    }
    if (entry.closing !== null) closed.push({ entry, counted: was.settled, known: before === 'expired' });
  }
  await insert(transaction, batch.holder, written, ids, states);
  return closed;
}

interface Told {
  readonly state: EntryState | null;
  readonly folded: number;
}

const UNTOLD: Told = { state: null, folded: 0 };

interface Parts {
  readonly reserved: number;
  readonly settled: number;
}

/** What an entry takes comes out of the slice, then out of what was given up for lost; what it leaves goes to the slice. */
function move(sums: MovableSums, enforced: boolean, was: Parts, is: Parts): void {
  sums.reserved += is.reserved - was.reserved;
  sums.settled += is.settled - was.settled;
  if (!enforced) return;
  const taken = is.reserved + is.settled - was.reserved - was.settled;
  const fromSlice = Math.min(taken, sums.slice);
  sums.slice -= fromSlice;
  sums.held -= fromSlice;
  sums.lost -= Math.min(taken - fromSlice, sums.lost);
}

async function readStates(transaction: Transaction<LedgerTables>, entries: readonly EntryRecord[]): Promise<Map<string, Told>> {
  const states = new Map<string, Told>();
  const old = entries.filter(({ isNew }) => !isNew).map(({ id }) => id);
  for (let at = 0; at < old.length; at += ROWS) {
    const query = transaction.selectFrom('ledger_entries').select(['id', 'state', 'folded']);
    for (const row of await query.where('id', 'in', old.slice(at, at + ROWS)).execute()) states.set(row.id, row);
  }
  return states;
}

async function insert(
  transaction: Transaction<LedgerTables>,
  holder: string,
  entries: readonly EntryRecord[],
  ids: readonly number[],
  states: ReadonlyMap<string, Told>,
): Promise<void> {
  for (let at = 0; at < entries.length; at += ROWS) {
    const rows = entries.slice(at, at + ROWS).map((entry) => describe(holder, entry));
    await transaction
      .insertInto('ledger_entries')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet((row) => ({
          state: row.ref('excluded.state'),
          closed_at: row.ref('excluded.closed_at'),
          estimate: row.ref('excluded.estimate'),
          estimated_input: row.ref('excluded.estimated_input'),
          estimated_output: row.ref('excluded.estimated_output'),
          actual: row.ref('excluded.actual'),
          input: row.ref('excluded.input'),
          output: row.ref('excluded.output'),
          usage: row.ref('excluded.usage'),
          duration_ms: row.ref('excluded.duration_ms'),
          folded: 0,
        })),
      )
      .execute();
  }
  const lines = entries
    .filter(({ id }) => !states.has(id))
    .flatMap(({ id, accounts }) => accounts.map((account) => ({ entry: id, account: ids[account] })));
  for (let at = 0; at < lines.length; at += ROWS) {
    await transaction
      .insertInto('ledger_lines')
      .values(lines.slice(at, at + ROWS))
      .execute();
  }
}

function describe(
  holder: string,
  { id, bound, reservedAt, expiresAt, facts, closing }: EntryRecord,
): Insertable<LedgerTables['ledger_entries']> {
  const usage = closing?.usage ?? null;
  return {
    id,
    holder,
    state: closing?.state ?? 'reserved',
    reserved_at: reservedAt,
    expires_at: expiresAt,
    closed_at: closing?.at ?? null,
    bound,
    estimate: facts.estimate,
    actual: closing?.actual ?? null,
    backend: facts.backend,
    model: facts.model,
    category: facts.category,
    class: facts.class,
    caller: facts.caller,
    team: facts.team,
    policy: facts.policy,
    prices: facts.prices,
    estimated_input: facts.estimatedInput,
    estimated_output: facts.estimatedOutput,
    input: usage === null ? null : usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h,
    output: usage?.output ?? null,
    usage: usage === null ? null : JSON.stringify(usage),
    duration_ms: closing?.duration ?? null,
  };
}
