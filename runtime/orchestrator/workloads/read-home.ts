import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Name of a data folder, made once: runs on this machine are found again by whoever has the same one. */
export function readHome(data: string): string {
  const file = join(data, 'home');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `home-${randomUUID()}\n`, { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const name = readFileSync(file, 'utf8').trim();
  if (name === '') throw new Error(`${file} is empty [home] help: remove it where nothing runs on this machine`);
  return name;
}
