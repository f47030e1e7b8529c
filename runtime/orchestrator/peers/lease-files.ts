import { mkdirSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BOOT } from './boot-clock.ts';

/**
 * Until when each run of a peer may live, in a file of its own: `<boot> <ms of the boot clock>`. Who keeps the run reads it, so that a lease
 * ends a run although this policyd is dead or stopped. Nothing is synced: a machine that loses power loses its runs, too.
 */
export class LeaseFiles {
  readonly #folder: string;
  readonly #waiting = new Map<string, { expires: number; written: Promise<void> }>();

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  path(id: string): string {
    return join(this.#folder, id);
  }

  /** Resolves when it stands there; calls that come meanwhile share the next write. */
  write(id: string, expires: number): Promise<void> {
    const before = this.#waiting.get(id);
    if (before !== undefined) {
      before.expires = expires;
      return before.written;
    }
    const entry = { expires, written: Promise.resolve() };
    this.#waiting.set(id, entry);
    entry.written = Promise.resolve().then(async () => {
      this.#waiting.delete(id);
      const beside = `${this.path(id)}.${entry.expires}.tmp`;
      await writeFile(beside, `${BOOT} ${entry.expires}`, { mode: 0o600 });
      await rename(beside, this.path(id));
    });
    return entry.written;
  }

  /** Ms of the boot clock; 0 = it has ended, with this start of the machine or before. */
  read(id: string): number {
    try {
      const [boot, expires] = readFileSync(this.path(id), 'utf8').split(' ');
      return boot === BOOT ? Number(expires) || 0 : 0;
    } catch {
      return 0;
    }
  }

  async remove(id: string): Promise<void> {
    await rm(this.path(id), { force: true });
  }
}
