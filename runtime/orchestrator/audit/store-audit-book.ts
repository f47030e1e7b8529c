import type { Logger } from 'pino';
import type { Store } from '../../store/store.ts';
import type { Redactor } from '../../telemetry/redact.ts';
import type { AuditBook, AuditEntry, AuditFilter, RememberedEntry } from '../audit.ts';
import { cleanEntry } from './clean-entry.ts';
import { prune } from './prune.ts';
import { readRows } from './read-rows.ts';
import type { AuditRow } from './tables.ts';
import { Tally } from './tally.ts';
import { writeRows } from './write-rows.ts';

/** Longest time that an entry waits for others to be written with, in ms; and before a store that failed is asked again. */
const GATHER = 250;
const AGAIN = 2_000;
/** Rows that wait for the store; more are dropped, and counted. */
const WAITING = 10_000;
/** Time between two looks at what is too old or too much, in ms. */
const PRUNE = 600_000;

export interface AuditBookOptions {
  readonly store: Store;
  readonly redactor: Redactor;
  readonly log: Logger;
  /** How long entries are kept, in ms, and how many. */
  readonly retention: number;
  readonly most: number;
  /** Hears of every entry, and of every one that was dropped. */
  readonly onAdd?: (outcome: AuditEntry['outcome']) => void;
  readonly onDrop?: (why: 'full' | 'fault') => void;
  /** Wall clock, in ms. */
  readonly now?: () => number;
}

/**
 * An audit log in the store. Entries are gathered in memory for a quarter of a second and written in one transaction: a crash loses what
 * was gathered. While the store is away, at most 10,000 rows wait for it.
 */
export class StoreAuditBook implements AuditBook {
  readonly #options: AuditBookOptions;
  readonly #now: () => number;
  readonly #tally = new Tally();
  #added: AuditRow[] = [];
  readonly #counted = new Set<AuditRow>();
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  #failed = false;
  #closed = false;
  readonly #pruning: NodeJS.Timeout;

  constructor(options: AuditBookOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#pruning = setInterval(() => void this.prune(), PRUNE);
    this.#pruning.unref();
  }

  add(entry: AuditEntry): void {
    const { redactor, log, onAdd, onDrop } = this.#options;
    try {
      onAdd?.(entry.outcome);
      const counted = this.#tally.count(cleanEntry(entry, redactor), this.#now(), this.#added.length < WAITING);
      if (counted === null) {
        onDrop?.('full');
        return;
      }
      const { row } = counted;
      if (counted.isNew) {
        this.#added.push(row);
        const { id, request, trace, at: _at, until: _until, count: _count, ...told } = row;
        log.info({ audit_id: id, request_id: request, trace_id: trace, ...told }, 'audit');
      } else this.#counted.add(row);
      this.#schedule();
    } catch (error) {
      onDrop?.('fault');
      log.error({ error: (error as Error).message }, 'an audit entry was dropped');
    }
  }

  async read(filter: AuditFilter, limit: number): Promise<readonly RememberedEntry[]> {
    await this.flush();
    return readRows(this.#options.store, filter, limit);
  }

  /** Writes what waits. Does not throw: what could not be written waits on. */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    if (this.#added.length + this.#counted.size === 0) return;
    this.#writing = this.#write();
    await this.#writing;
  }

  async prune(): Promise<void> {
    const { store, retention, most, log } = this.#options;
    try {
      await prune(store, this.#now() - retention, most);
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'old audit entries could not be deleted');
    }
  }

  /** Writes what waits, for the last time. */
  async close(): Promise<void> {
    clearInterval(this.#pruning);
    await this.flush();
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const lost = this.#added.length;
    if (lost > 0) this.#options.log.error({ entries: lost }, 'audit entries were lost: the store does not answer');
  }

  #schedule(): void {
    if (this.#timer !== null || this.#writing !== null || this.#closed) return;
    this.#timer = setTimeout(() => void this.flush(), this.#failed ? AGAIN : GATHER);
    this.#timer.unref();
  }

  async #write(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const added = this.#added;
    const counted = [...this.#counted];
    this.#added = [];
    this.#counted.clear();
    try {
      await writeRows(this.#options.store, added, counted);
      if (this.#failed) this.#options.log.info({ entries: added.length }, 'the audit log is written again');
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) this.#options.log.warn({ error: (error as Error).message }, 'the audit log cannot be written; it waits');
      this.#failed = true;
      this.#added = [...added, ...this.#added];
      for (const row of counted) this.#counted.add(row);
    }
    this.#writing = null;
    if (this.#added.length + this.#counted.size > 0) this.#schedule();
  }
}
