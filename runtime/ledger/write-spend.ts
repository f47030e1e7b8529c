import type { Transaction } from 'kysely';
import type { AccountOrder } from './batch.ts';
import type { LedgerTables } from './tables.ts';
import type { ClosedEntry } from './write-entries.ts';

type SpendRow = LedgerTables['ledger_spend'];

/** What spend is summed by; a name is empty for `total`. */
export const DIMENSIONS = ['total', 'budget', 'category', 'backend', 'model', 'caller', 'team'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** The hour that a time lies in: `2026-11-20T13`, UTC. */
export function nameHour(at: number): string {
  return new Date(at).toISOString().slice(0, 13);
}

/** Adds closed entries to the sums by hour of their reservation. Rows in one order for everybody, so that no two wait for each other. */
export async function writeSpend(
  transaction: Transaction<LedgerTables>,
  accounts: readonly Pick<AccountOrder, 'budget'>[],
  closed: readonly ClosedEntry[],
): Promise<void> {
  const rows = new Map<string, SpendRow>();
  for (const each of closed) add(rows, each, accounts);
  if (rows.size === 0) return;
  const sorted = [...rows.keys()].sort().map((key) => rows.get(key)!);
  await transaction
    .insertInto('ledger_spend')
    .values(sorted)
    .onConflict((conflict) =>
      conflict.columns(['hour', 'dimension', 'name']).doUpdateSet(({ ref, eb }) => ({
        settled: eb('ledger_spend.settled', '+', ref('excluded.settled')),
        attempts: eb('ledger_spend.attempts', '+', ref('excluded.attempts')),
        input: eb('ledger_spend.input', '+', ref('excluded.input')),
        output: eb('ledger_spend.output', '+', ref('excluded.output')),
      })),
    )
    .execute();
}

function add(rows: Map<string, SpendRow>, { entry, counted, known }: ClosedEntry, accounts: readonly Pick<AccountOrder, 'budget'>[]): void {
  const closing = entry.closing!;
  const { usage } = closing;
  const hour = nameHour(entry.reservedAt);
  const parts = {
    settled: closing.actual - counted,
    attempts: Number(closing.state !== 'void') - Number(known),
    input: usage === null ? 0 : usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h,
    output: usage?.output ?? 0,
  };
  if (parts.settled === 0 && parts.attempts === 0 && parts.input === 0 && parts.output === 0) return;
  for (const [dimension, name] of namesOf(entry.facts, new Set(entry.accounts.map((i) => accounts[i].budget)))) {
    const key = `${hour}\n${dimension}\n${name}`;
    const row = rows.get(key) ?? { hour, dimension, name, settled: 0, attempts: 0, input: 0, output: 0 };
    row.settled += parts.settled;
    row.attempts += parts.attempts;
    row.input += parts.input;
    row.output += parts.output;
    rows.set(key, row);
  }
}

function* namesOf(facts: ClosedEntry['entry']['facts'], budgets: ReadonlySet<string>): Iterable<[Dimension, string]> {
  yield ['total', ''];
  for (const budget of budgets) yield ['budget', budget];
  for (const dimension of ['category', 'backend', 'model', 'caller', 'team'] as const) {
    const name = facts[dimension];
    if (name !== null) yield [dimension, name];
  }
}
