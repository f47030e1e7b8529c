import { readdirSync } from 'node:fs';
import type { Migration, NamedMigration } from './migration.ts';

const FOLDER = new URL('./migrations/', import.meta.url);

/** All migrations of this version, in order. Their files are JavaScript in the package, and TypeScript in a checkout. */
export async function readMigrations(): Promise<readonly NamedMigration[]> {
  const files = readdirSync(FOLDER)
    .filter((file) => /^\d{4}-[a-z0-9-]+\.[jt]s$/.test(file))
    .sort();
  return Promise.all(
    files.map(async (file) => {
      const { migration } = (await import(new URL(file, FOLDER).href)) as { migration: Migration };
      return { id: file.replace(/\.[jt]s$/, ''), statements: migration };
    }),
  );
}
