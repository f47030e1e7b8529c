import { sql } from 'kysely';
import type { Store } from '../store/store.ts';
import type { LedgerTables } from './tables.ts';
import { type Dimension, nameHour } from './write-spend.ts';

const HOUR = 3_600_000;

/** Settled money (nano-dollars), attempts and tokens of one name, since the first ms of the day and of the month, UTC. */
export interface Spend {
  readonly dimension: Dimension;
  readonly name: string;
  readonly today: SpendSums;
  readonly month: SpendSums;
}

export interface SpendSums {
  readonly settled: number;
  readonly attempts: number;
  readonly input: number;
  readonly output: number;
}

/** Spend of the day and the month that `at` lies in. */
export async function readSpend(store: Store, at: number): Promise<Spend[]> {
  const day = nameHour(at).slice(0, 10);
  const month = day.slice(0, 7);
  // Hours of a day sort between its name and its name with a `U`: the letter behind `T`.
  const ofMonth = await readSums(store, month, `${month}-32`);
  const today = new Map((await readSums(store, day, `${day}U`)).map((row) => [`${row.dimension}\n${row.name}`, row]));
  return ofMonth.map((row) => ({
    dimension: row.dimension as Dimension,
    name: row.name,
    today: pick(today.get(`${row.dimension}\n${row.name}`)),
    month: pick(row),
  }));
}

async function readSums(store: Store, from: string, to: string): Promise<(SpendSums & { dimension: string; name: string })[]> {
  return store
    .tables<LedgerTables>()
    .selectFrom('ledger_spend')
    .select([
      'dimension',
      'name',
      sql<number>`cast(sum(settled) as bigint)`.as('settled'),
      sql<number>`cast(sum(attempts) as bigint)`.as('attempts'),
      sql<number>`cast(sum(input) as bigint)`.as('input'),
      sql<number>`cast(sum(output) as bigint)`.as('output'),
    ])
    .where('hour', '>=', from)
    .where('hour', '<', to)
    .groupBy(['dimension', 'name'])
    .orderBy('dimension')
    .orderBy('name')
    .execute();
}

function pick(row: SpendSums | undefined): SpendSums {
  return { settled: row?.settled ?? 0, attempts: row?.attempts ?? 0, input: row?.input ?? 0, output: row?.output ?? 0 };
}

/** Settled nano-dollars by budget in each of the `hours` up to the one that `at` lies in, oldest first. */
export async function readRecent(store: Store, at: number, hours: number): Promise<Record<string, number[]>> {
  const names = Array.from({ length: hours }, (_, i) => nameHour(at - (hours - 1 - i) * HOUR));
  const rows = await store
    .tables<LedgerTables>()
    .selectFrom('ledger_spend')
    .select(['hour', 'name', 'settled'])
    .where('dimension', '=', 'budget')
    .where('hour', '>=', names[0])
    .where('hour', '<=', names[hours - 1])
    .execute();
  const recent: Record<string, number[]> = {};
  for (const { hour, name, settled } of rows) (recent[name] ??= names.map(() => 0))[names.indexOf(hour)] = settled;
  return recent;
}
