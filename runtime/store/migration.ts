import type { StoreKind } from './store.ts';

/**
 * One step of the tables, forward only. What a file exports as `migration`; the name of the file (`0001-ledger`) is its id, and the order
 * of the names is the order of the steps. Once released it does not change: a later file corrects it.
 */
export type Migration = Readonly<Record<StoreKind, readonly string[]>>;

export interface NamedMigration {
  readonly id: string;
  readonly statements: Migration;
}
