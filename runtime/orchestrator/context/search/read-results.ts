import type { Kysely } from 'kysely';
import type { Metadata } from '../document.ts';
import type { ContextTables } from '../tables.ts';
import { inScope } from './in-scope.ts';
import type { Scope } from './query.ts';

/** A chunk as a search finds it. */
export interface FoundChunk {
  readonly chunk: number;
  /** Id of its document. */
  readonly document: string;
  readonly namespace: string;
  readonly source: string;
  readonly heading: string | null;
  readonly text: string;
  readonly tokens: number;
  readonly metadata: Metadata;
}

/** What there is of these chunks in a scope. Whatever a vector store said, nothing outside of it is ever read. */
export async function readChunks(tables: Kysely<ContextTables>, chunks: readonly number[], scope: Scope): Promise<Map<number, FoundChunk>> {
  if (chunks.length === 0) return new Map();
  const rows = await tables
    .selectFrom('context_chunks as c')
    .innerJoin('context_documents as d', 'd.seq', 'c.document')
    .select(['c.seq as chunk', 'd.id as document', 'd.namespace', 'd.source', 'd.metadata', 'c.heading', 'c.text', 'c.tokens'])
    .where('c.seq', 'in', chunks)
    .where(inScope(scope))
    .execute();
  return new Map(rows.map((row) => [row.chunk, { ...row, metadata: JSON.parse(row.metadata) as Metadata }]));
}

/** Those of these chunks that are in a scope, in their order. */
export async function keepInScope(tables: Kysely<ContextTables>, chunks: readonly number[], scope: Scope): Promise<Set<number>> {
  if (chunks.length === 0) return new Set();
  const rows = await tables
    .selectFrom('context_chunks as c')
    .innerJoin('context_documents as d', 'd.seq', 'c.document')
    .select('c.seq as chunk')
    .where('c.seq', 'in', chunks)
    .where(inScope(scope))
    .execute();
  return new Set(rows.map(({ chunk }) => chunk));
}
