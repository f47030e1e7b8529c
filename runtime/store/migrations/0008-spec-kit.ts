import type { Migration } from '../migration.ts';

/** Times are in ms since 1970. What the columns mean stands in `runtime/orchestrator/spec-kit/tables.ts`. */
const TABLES: readonly string[] = [
  `create table spec_runs (
    id text primary key, command text not null, args text not null, feature text, lock_key text, caller text, state text not null,
    holder text not null, child text, started_at bigint not null, expires_at bigint not null, ended_at bigint, exit_code integer)`,
  `create unique index spec_runs_lock on spec_runs (lock_key) where state = 'running' and lock_key is not null`,
  `create index spec_runs_running on spec_runs (expires_at) where state = 'running'`,
  'create index spec_runs_ended on spec_runs (ended_at) where ended_at is not null',
];

export const migration: Migration = { sqlite: TABLES, postgres: TABLES };
