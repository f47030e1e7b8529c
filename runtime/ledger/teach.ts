import type { Transaction } from 'kysely';
import type { CalibrationRow } from './batch.ts';
import { learn, UNCALIBRATED } from './calibration.ts';
import type { LedgerTables } from './tables.ts';
import type { ClosedEntry } from './write-entries.ts';

/** Teaches each model's calibration what its settled attempts were, in their order; gives the rows that changed. */
export async function teach(transaction: Transaction<LedgerTables>, closed: readonly ClosedEntry[]): Promise<CalibrationRow[]> {
  const lessons = closed.filter(({ entry }) => entry.closing!.state === 'settled' && entry.closing!.usage !== null);
  const models = [...new Set(lessons.map(({ entry }) => entry.facts.model))].sort();
  if (models.length === 0) return [];
  const blank = models.map((model) => ({ model, ...UNCALIBRATED }));
  await transaction
    .insertInto('ledger_calibration')
    .values(blank)
    .onConflict((conflict) => conflict.column('model').doUpdateSet((row) => ({ samples: row.ref('ledger_calibration.samples') })))
    .execute();
  const known = await transaction.selectFrom('ledger_calibration').selectAll().where('model', 'in', models).execute();
  const rows = new Map(known.map((row) => [row.model, row]));
  for (const { entry } of lessons) {
    const { facts, closing } = entry;
    const sample = {
      estimatedOutput: facts.estimatedOutput,
      actualOutput: closing!.usage!.output,
      estimatedCost: facts.estimate,
      actualCost: closing!.actual,
    };
    rows.set(facts.model, learn(rows.get(facts.model)!, sample));
  }
  for (const { model, ...sums } of rows.values()) {
    await transaction.updateTable('ledger_calibration').set(sums).where('model', '=', model).execute();
  }
  return [...rows.values()];
}
