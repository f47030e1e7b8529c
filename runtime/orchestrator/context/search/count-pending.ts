import { type Kysely, sql } from 'kysely';
import type { ContextTables } from '../tables.ts';
import { inScope } from './in-scope.ts';
import type { Scope } from './query.ts';

/** Chunks that have no embedding yet. */
export async function countPending(tables: Kysely<ContextTables>, scope?: Scope): Promise<number> {
  const row = await tables
    .selectFrom('context_documents as d')
    .select(sql<number>`cast(coalesce(sum(d.chunks - d.embedded), 0) as bigint)`.as('chunks'))
    .whereRef('d.embedded', '<', 'd.chunks')
    .$if(scope !== undefined, (query) => query.where(inScope(scope!)))
    .executeTakeFirstOrThrow();
  return row.chunks;
}
