import type { Migration } from '../migration.ts';

/** Times are in ms since 1970. What the columns mean stands in `runtime/orchestrator/audit/tables.ts`. */
const TABLES: readonly string[] = [
  `create table audit_entries (
    id text primary key, at bigint not null, until bigint not null, count bigint not null, caller text, action text not null, subject text,
    outcome text not null, status integer not null, code text, detail text, request text not null, trace text)`,
  'create index audit_entries_at on audit_entries (at)',
  'create index audit_entries_caller on audit_entries (caller, id)',
  'create index audit_entries_request on audit_entries (request)',
];

export const migration: Migration = { sqlite: TABLES, postgres: TABLES };
