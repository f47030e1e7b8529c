import type { Migration } from '../migration.ts';

/** Times are in ms since 1970, flags are 0 or 1. What the columns mean stands in `runtime/orchestrator/stream/tables.ts`. */
const TABLES: readonly string[] = [
  `create table frame_streams (
    id text primary key, owner text, oldest bigint not null, newest bigint not null, bytes bigint not null, ended integer not null,
    created_at bigint not null, touched_at bigint not null)`,
  'create index frame_streams_touched on frame_streams (touched_at)',
  `create table frames (
    stream text not null references frame_streams (id) on delete cascade, seq bigint not null, type text not null, ts bigint not null,
    payload text not null, bytes integer not null, primary key (stream, seq))`,
];

export const migration: Migration = { sqlite: TABLES, postgres: TABLES };
