import type { Kysely, Transaction } from 'kysely';

export const STORE_KINDS = ['sqlite', 'postgres'] as const;
export type StoreKind = (typeof STORE_KINDS)[number];

/** Ends a subscription. */
export type Unsubscribe = () => Promise<void>;

/**
 * What is remembered, behind one port: SQLite in a folder or PostgreSQL by URL, the same statements for both. A repository states the
 * tables it speaks to as a type of its own; their migrations are files beside each other in `migrations/`.
 */
export interface Store {
  readonly kind: StoreKind;
  /** Where it is, for people: a file, or host, port and database. Never holds a secret. */
  readonly where: string;
  /** The query builder over a repository's tables. */
  tables<Tables>(): Kysely<Tables>;
  /**
   * One transaction, durable when it resolves. It is begun again, at most four times, where the database gave way to another (deadlock,
   * serialization): `work` has no effect but on `transaction`. On SQLite it is the only writer from its first statement on.
   */
  write<Tables, Result>(work: (transaction: Transaction<Tables>) => Promise<Result>): Promise<Result>;
  /** Tells all subscribers of a channel, in every process that PostgreSQL serves; on SQLite those of this store object. A hint: it may be lost. */
  publish(channel: string, message: string): Promise<void>;
  /** Hears what is published. Hints may be lost, during a lost connection for certain: `again` is told when there is one anew. */
  subscribe(channel: string, hear: (message: string) => void, again?: () => void): Promise<Unsubscribe>;
  /** Ends subscriptions, waits for statements that run, closes connections. More calls do nothing. */
  close(): Promise<void>;
}
