import type { Migration } from '../migration.ts';

/** Times are in ms since 1970, flags are 0 or 1. What the columns mean stands in `runtime/orchestrator/workloads/tables.ts`. */
const TABLES: readonly string[] = [
  `create table workloads (
    job text primary key references jobs (id) on delete cascade, caller text not null, name text not null, status text not null, reason text,
    held integer not null, cpu_millis bigint not null, memory_bytes bigint not null, accepted text not null, attempt integer not null,
    failures integer not null, losses integer not null, stop text, stop_reason text, exit_code integer, told integer not null)`,
  'create index workloads_held on workloads (caller) where held = 1',
  'create index workloads_stopping on workloads (job) where held = 1 and stop is not null',
  'create index workloads_untold on workloads (job) where held = 0 and told = 0',
  `create table workload_runs (
    job text not null references workloads (job) on delete cascade, attempt integer not null, node text not null, kind text not null,
    home text, placement text not null, phase text not null, reason text, exit_code integer, placed_at bigint not null, started_at bigint,
    ended_at bigint, primary key (job, attempt))`,
];

export const migration: Migration = { sqlite: TABLES, postgres: TABLES };
