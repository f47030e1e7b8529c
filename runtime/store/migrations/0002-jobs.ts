import type { Migration } from '../migration.ts';

/** Times are in ms since 1970. What the columns mean stands in `runtime/jobs/tables.ts`. */
const TABLES = (identity: string): readonly string[] => [
  `create table jobs (
    seq ${identity}, id text not null unique, queue text not null, type text not null, payload text not null, priority integer not null,
    state text not null, preferred_agent text, agent text, holder text, token bigint not null, attempts integer not null,
    max_attempts integer not null, failed_agents text not null, not_before bigint, created_at bigint not null, started_at bigint,
    ended_at bigint, assignment_ms bigint, result text, error text, trace text not null, caller text, delivery text)`,
  `create index jobs_pending on jobs (queue, priority desc, seq) where state = 'pending'`,
  `create index jobs_held on jobs (holder) where state = 'in_progress'`,
  'create index jobs_by_state on jobs (queue, state, seq)',
  'create index jobs_ended on jobs (ended_at) where ended_at is not null',
  `create table job_keys (
    queue text not null, caller text not null, key text not null, digest text not null,
    job text not null references jobs (id) on delete cascade, primary key (queue, caller, key))`,
  'create index job_keys_job on job_keys (job)',
  'create table job_holders (id text primary key, beat bigint not null, lease bigint not null)',
  `create table job_events (
    seq ${identity}, job text not null references jobs (id) on delete cascade, at bigint not null, event text not null, agent text,
    holder text, token bigint not null, detail text)`,
  'create index job_events_job on job_events (job, seq)',
  'create table job_totals (queue text not null, name text not null, amount bigint not null, primary key (queue, name))',
];

export const migration: Migration = {
  sqlite: TABLES('integer primary key'),
  postgres: TABLES('bigint generated always as identity primary key'),
};
