import type { Migration } from '../migration.ts';

/** Times are ms since 1970. What the columns mean stands in `runtime/orchestrator/peers/tables.ts`. */
const TABLES: readonly string[] = [
  `create table peer_forwards (
    run text primary key, peer text not null, node text not null, instance text not null, lease bigint not null, fenced integer not null,
    created_at bigint not null, ended_at bigint)`,
  'create index peer_forwards_age on peer_forwards (created_at)',
  `create table peer_runs (
    id text not null, host text not null, owner text not null, run text not null, job text not null, name text not null, node text not null,
    lease bigint not null, cpu_millis bigint not null, memory_bytes bigint not null, gpus integer not null, trace text not null,
    phase text not null, reason text, exit_code integer, started_at bigint, ended_at bigint, created_at bigint not null,
    primary key (host, id))`,
  'create index peer_runs_age on peer_runs (host, created_at)',
];

export const migration: Migration = { sqlite: TABLES, postgres: TABLES };
