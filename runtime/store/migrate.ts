import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { Failure } from '../failure.ts';
import type { NamedMigration } from './migration.ts';
import type { Store, StoreKind } from './store.ts';

interface Tables {
  policyc_migrations: { id: string; checksum: string; applied_at: number };
}

/** Any number that nobody else locks: the bytes `pol1`. */
const LOCK = 0x70_6f_6c_31;

/**
 * Applies what is missing, all in one transaction and one process at a time. Refuses tables that a newer version wrote, a migration that
 * changed after it was applied, and one that would come before another that was.
 */
export async function migrate(store: Store, migrations: readonly NamedMigration[]): Promise<void> {
  await store.write<Tables, void>(async (transaction) => {
    if (store.kind === 'postgres') await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(transaction);
    await sql`create table if not exists policyc_migrations (id text primary key, checksum text not null, applied_at bigint not null)`.execute(
      transaction,
    );
    const applied = await transaction.selectFrom('policyc_migrations').select(['id', 'checksum']).orderBy('id').execute();
    const missing = findMissing(store, migrations, applied);
    for (const { id, statements } of missing) {
      for (const statement of statements[store.kind]) await apply(transaction, id, statement);
      const row = { id, checksum: checksum(statements, store.kind), applied_at: Date.now() };
      await transaction.insertInto('policyc_migrations').values(row).execute();
    }
  });
}

function findMissing(
  store: Store,
  migrations: readonly NamedMigration[],
  applied: readonly { id: string; checksum: string }[],
): NamedMigration[] {
  const known = new Map(migrations.map((migration) => [migration.id, migration]));
  const newer = applied
    .filter(({ id }) => !known.has(id))
    .map(({ id }) => `${store.where} holds \`${id}\`, which this version does not know`);
  if (newer.length > 0) throw new Failure('newer-schema', newer, 'run the version that wrote it, or a newer one, or name another store');
  const changed = applied
    .filter(({ id, checksum: before }) => checksum(known.get(id)!.statements, store.kind) !== before)
    .map(({ id }) => `${store.where} was migrated by another \`${id}\` than this version has`);
  if (changed.length > 0)
    throw new Failure('changed-migration', changed, 'restore the migration; a released one is corrected by a later one');
  const missing = migrations.filter(({ id }) => !applied.some((row) => row.id === id));
  const last = applied.at(-1)?.id ?? '';
  const early = missing
    .filter(({ id }) => id < last)
    .map(({ id }) => `\`${id}\` comes before \`${last}\`, which ${store.where} already has`);
  if (early.length > 0) throw new Failure('late-migration', early, 'give it a number above all that were released');
  return missing;
}

async function apply(transaction: Kysely<Tables>, id: string, statement: string): Promise<void> {
  try {
    await sql.raw(statement).execute(transaction);
  } catch (cause) {
    throw new Failure('migration', [`\`${id}\` failed: ${(cause as Error).message}`], 'nothing was changed; the cause stands above');
  }
}

function checksum(statements: NamedMigration['statements'], kind: StoreKind): string {
  return createHash('sha256').update(statements[kind].join(';\n')).digest('hex');
}
