import type { Migration } from '../migration.ts';

/** Money is in nano-dollars, times are in ms since 1970, flags are 0 or 1. What the columns mean stands in `runtime/ledger/tables.ts`. */
const TABLES = (identity: string): readonly string[] => [
  `create table ledger_holders (
    id text primary key, batch bigint not null, expires_at bigint not null)`,
  `create table ledger_accounts (
    id ${identity}, budget text not null, scope text not null, span text not null, limit_nanos bigint not null,
    settled bigint not null default 0, reserved bigint not null default 0, held bigint not null default 0, lost bigint not null default 0,
    folded bigint not null default 0, recall bigint not null default 0, unique (budget, scope, span))`,
  `create table ledger_slices (
    account integer not null references ledger_accounts (id), holder text not null, amount bigint not null, answered bigint not null default 0,
    primary key (account, holder))`,
  `create table ledger_entries (
    id text primary key, holder text not null, state text not null, reserved_at bigint not null, expires_at bigint not null, closed_at bigint,
    bound bigint not null, estimate bigint, actual bigint,
    backend text not null, model text not null, category text, class text, caller text, team text, policy text not null, prices text not null,
    estimated_input bigint, estimated_output bigint, input bigint, output bigint, usage text, duration_ms bigint, folded integer not null default 0)`,
  `create index ledger_entries_open on ledger_entries (expires_at) where state = 'reserved'`,
  'create index ledger_entries_unfolded on ledger_entries (id) where folded = 0',
  'create index ledger_entries_closed on ledger_entries (closed_at) where folded = 1',
  `create table ledger_lines (
    entry text not null references ledger_entries (id) on delete cascade, account integer not null references ledger_accounts (id),
    primary key (entry, account))`,
  'create index ledger_lines_account on ledger_lines (account)',
  `create table ledger_spend (
    hour text not null, dimension text not null, name text not null,
    settled bigint not null, attempts bigint not null, input bigint not null, output bigint not null,
    primary key (hour, dimension, name))`,
  `create table ledger_calibration (
    model text primary key, samples bigint not null, estimated_output double precision not null, actual_output double precision not null,
    estimated_cost double precision not null, actual_cost double precision not null)`,
];

export const migration: Migration = {
  sqlite: TABLES('integer primary key'),
  postgres: TABLES('integer generated always as identity primary key'),
};
