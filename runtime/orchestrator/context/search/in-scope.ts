import { type RawBuilder, sql } from 'kysely';
import type { Scope } from './query.ts';

/** The condition on `context_documents as d` that a search looks at it. */
export function inScope({ owner, namespace, source, metadata }: Scope): RawBuilder<boolean> {
  const conditions = [sql`1 = 1`];
  if (owner !== null) conditions.push(sql`d.owner = ${owner}`);
  if (namespace !== null) conditions.push(sql`d.namespace = ${namespace}`);
  if (source !== null) conditions.push(sql`d.source = ${source}`);
  for (const [name, value] of Object.entries(metadata)) {
    conditions.push(sql`exists (select 1 from context_metadata as m where m.document = d.seq and m.name = ${name} and m.value = ${value})`);
  }
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}
