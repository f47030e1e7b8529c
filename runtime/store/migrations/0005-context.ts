import type { Migration } from '../migration.ts';

/** Times are in ms since 1970. What the columns mean stands in `runtime/orchestrator/context/tables.ts`. */
const TABLES = (identity: string, bytes: string, tail: string): readonly string[] => [
  `create table context_documents (
    seq ${identity}, owner text not null, namespace text not null, source text not null, id text not null, digest text not null,
    privacy text not null, metadata text not null, chunks bigint not null, terms bigint not null, embedded bigint not null, created_at bigint not null,
    updated_at bigint not null, unique (owner, namespace, source, id))`,
  'create index context_documents_pending on context_documents (seq) where embedded < chunks',
  `create table context_metadata (
    document bigint not null references context_documents (seq) on delete cascade, name text not null, value text not null,
    primary key (document, name))${tail}`,
  `create table context_chunks (
    seq ${identity}, document bigint not null references context_documents (seq) on delete cascade, ordinal bigint not null,
    heading text, text text not null, tokens bigint not null, terms bigint not null, unique (document, ordinal))`,
  `create table context_postings (
    term text not null, owner text not null, chunk bigint not null references context_chunks (seq) on delete cascade,
    frequency bigint not null, primary key (term, owner, chunk))${tail}`,
  'create index context_postings_chunk on context_postings (chunk)',
  'create table context_totals (owner text primary key, documents bigint not null, chunks bigint not null, terms bigint not null)',
  `create table context_embeddings (
    seq ${identity}, chunk bigint not null unique references context_chunks (seq) on delete cascade, space text not null,
    vector ${bytes} not null)`,
  `create table context_removed (seq ${identity}, chunk bigint not null, at bigint not null)`,
  `create table context_packs (
    job text primary key, owner text not null, query text not null, budget bigint not null, tokens bigint not null, text text not null,
    items text not null, degraded text, created_at bigint not null)`,
  'create table context_state (name text primary key, value text not null)',
];

export const migration: Migration = {
  // Numbers are never given again: what a vector store still has of a chunk that is gone must not point to another one.
  sqlite: TABLES('integer primary key autoincrement', 'blob', ' without rowid'),
  postgres: TABLES('bigint generated always as identity primary key', 'bytea', ''),
};
