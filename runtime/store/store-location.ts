import { join } from 'node:path';

/** Which database, and where. */
export type StoreLocation =
  | { readonly kind: 'sqlite'; readonly file: string }
  | {
      readonly kind: 'postgres';
      readonly url: string;
      /** A schema of its own in that database, made where it is missing; absent: the first of the connection's search path. */
      readonly schema?: string;
    };

/** `DATABASE_URL` selects PostgreSQL; without one it is a file in the data folder. */
export function locateStore(data: string, environment: Readonly<Record<string, string | undefined>>): StoreLocation {
  const url = environment.DATABASE_URL;
  return url ? { kind: 'postgres', url } : { kind: 'sqlite', file: join(data, 'policyd.sqlite') };
}
