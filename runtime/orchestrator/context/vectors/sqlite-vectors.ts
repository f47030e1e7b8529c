import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { getLoadablePath } from 'sqlite-vec';
import { VectorError } from './vector-error.ts';
import { TAG_NAMES, type VectorFilter, type VectorHit, type VectorRow } from './vector-store.ts';

/** sqlite-vec in a file of its own, in this thread: exact search, on the disk. https://alexgarcia.xyz/sqlite-vec/features/vec0.html */
export class SqliteVectors {
  readonly #database: DatabaseSync;

  /** @throws VectorError `unavailable` where the extension cannot be loaded here. */
  constructor(file: string) {
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    this.#database = new DatabaseSync(file, { allowExtension: true });
    try {
      this.#database.loadExtension(getLoadablePath());
      this.#database.enableLoadExtension(false);
    } catch (cause) {
      this.#database.close();
      const message = `sqlite-vec cannot be loaded here: ${(cause as Error).message} [unavailable] help: name another store with \`--vectors\``;
      throw new VectorError('unavailable', message, { cause });
    }
    this.#database.exec('pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = full');
    this.#database.exec('create table if not exists collections (name text primary key, dimensions integer not null)');
  }

  open(name: string, dimensions: number): void {
    this.#database.prepare('insert into collections values (?, ?) on conflict do nothing').run(name, dimensions);
    const known = this.#database.prepare('select dimensions from collections where name = ?').get(name) as { dimensions: number };
    if (known.dimensions !== dimensions) {
      const message = `collection \`${name}\` is of ${known.dimensions} dimensions, not of ${dimensions} [dimensions] help: one collection is of one model`;
      throw new VectorError('dimensions', message);
    }
    this.#database.exec(
      `create virtual table if not exists ${name} using vec0(id integer primary key, vector float[${dimensions}] distance_metric=cosine,
        owner text, namespace text, source text)`,
    );
  }

  upsert(name: string, rows: readonly VectorRow[]): void {
    const gone = this.#database.prepare(`delete from ${name} where id = ?`);
    const put = this.#database.prepare(`insert into ${name} (id, vector, owner, namespace, source) values (?, ?, ?, ?, ?)`);
    this.#transact(() => {
      for (const { id, vector, tags } of rows) {
        gone.run(BigInt(id));
        put.run(BigInt(id), new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), ...TAG_NAMES.map((tag) => tags[tag]));
      }
    });
  }

  remove(name: string, ids: readonly number[]): void {
    const gone = this.#database.prepare(`delete from ${name} where id = ?`);
    this.#transact(() => {
      for (const id of ids) gone.run(BigInt(id));
    });
  }

  search(name: string, vector: Float32Array, k: number, filter: VectorFilter): VectorHit[] {
    const asked = TAG_NAMES.filter((tag) => filter[tag] !== null);
    const where = asked.map((tag) => ` and ${tag} = ?`).join('');
    const rows = this.#database
      .prepare(`select id, distance from ${name} where vector match ? and k = ?${where} order by distance`)
      .all(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), BigInt(k), ...asked.map((tag) => filter[tag]!));
    return (rows as unknown as { id: number; distance: number }[]).map(({ id, distance }) => ({ id, score: 1 - distance }));
  }

  count(name: string): number {
    return (this.#database.prepare(`select count(*) as rows from ${name}`).get() as { rows: number }).rows;
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #transact(work: () => void): void {
    this.#database.exec('begin immediate');
    try {
      work();
      this.#database.exec('commit');
    } catch (error) {
      this.#database.exec('rollback');
      throw error;
    }
  }
}
