import { type Kysely, sql } from 'kysely';
import type { ContextTables } from '../tables.ts';
import { inScope } from './in-scope.ts';
import type { Scope } from './query.ts';

/** Chunks that have no embedding yet; `every`: all of them, where none is of use any more. */
export async function countPending(tables: Kysely<ContextTables>, scope?: Scope, every = false): Promise<number> {
  const row = await tables
    .selectFrom('context_documents as d')
    .select(sql<number>`cast(coalesce(sum(d.chunks - ${every ? sql`0` : sql`d.embedded`}), 0) as bigint)`.as('chunks'))
    .$if(!every, (query) => query.whereRef('d.embedded', '<', 'd.chunks'))
    .$if(scope !== undefined, (query) => query.where(inScope(scope!)))
    .executeTakeFirstOrThrow();
  return row.chunks;
}
