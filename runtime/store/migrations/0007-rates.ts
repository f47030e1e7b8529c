import type { Migration } from '../migration.ts';

/** Amounts are requests or tokens, times are in ms since 1970 by the clock of the database. See `runtime/auth/rate-tables.ts`. */
const TABLES: readonly string[] = [
  'create table rate_holders (id text primary key, expires_at bigint not null)',
  `create table rate_buckets (
    caller text not null, kind text not null, level double precision not null, at bigint not null, full_at bigint not null,
    primary key (caller, kind))`,
  `create table rate_slices (
    caller text not null, kind text not null, holder text not null, amount double precision not null, expires_at bigint not null,
    primary key (caller, kind, holder))`,
];

export const migration: Migration = { sqlite: TABLES, postgres: TABLES };
