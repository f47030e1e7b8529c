import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Store } from '../../../store/store.ts';
import type { ContextTables } from '../tables.ts';

/** Which vectors can be compared: those that the same model made. */
export interface Space {
  /** The name that was asked for. */
  readonly asked: string;
  /** The model that answered, in its own words. */
  readonly answered: string;
  readonly dimensions: number;
}

/** A short name of it, in lower case letters and digits. */
export function nameSpace({ asked, answered, dimensions }: Space): string {
  return createHash('sha256')
    .update(JSON.stringify([asked, answered, dimensions]))
    .digest('hex')
    .slice(0, 16);
}

/** The space that everything is embedded in; null = nothing was yet. */
export async function readSpace(store: Store): Promise<Space | null> {
  const row = await store
    .tables<ContextTables>()
    .selectFrom('context_state')
    .select('value')
    .where('name', '=', 'space')
    .executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.value) as Space);
}

/** Makes it the space, unless another process was faster. @returns the one that it is now. */
export async function enterSpace(store: Store, space: Space): Promise<Space> {
  await store
    .tables<ContextTables>()
    .insertInto('context_state')
    .values({ name: 'space', value: JSON.stringify(space) })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  return (await readSpace(store))!;
}

/** Another model is asked from now on: everything is to be embedded anew. */
export function leaveSpace(store: Store, space: Space): Promise<void> {
  return store.write<ContextTables, void>(async (transaction) => {
    const left = await transaction
      .deleteFrom('context_state')
      .where('name', '=', 'space')
      .where('value', '=', JSON.stringify(space))
      .executeTakeFirst();
    if (left.numDeletedRows > 0n)
      await transaction.updateTable('context_documents').set({ embedded: 0 }).where('embedded', '>', 0).execute();
  });
}

/** A name for this store that no other has, so that two that share a vector store do not meet there. */
export async function nameInstallation(store: Store, made: string): Promise<string> {
  const tables = store.tables<ContextTables>();
  await sql`insert into context_state (name, value) values ('installation', ${made}) on conflict (name) do nothing`.execute(tables);
  const row = await tables.selectFrom('context_state').select('value').where('name', '=', 'installation').executeTakeFirstOrThrow();
  return row.value;
}
