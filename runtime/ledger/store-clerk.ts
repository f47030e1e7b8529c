import type { Store } from '../store/store.ts';
import { type AuditOptions, type AuditReport, audit } from './audit.ts';
import type { Batch, CalibrationRow, Reply } from './batch.ts';
import type { Clerk, Hint } from './clerk.ts';
import { exchange } from './exchange.ts';
import { findAccounts } from './find-accounts.ts';
import { readRecent, readSpend, type Spend } from './read-spend.ts';
import { returnSlices } from './return-slices.ts';
import type { LedgerTables } from './tables.ts';

const CHANNEL = 'policyd_ledger';

/** A clerk over a store; `now` is the wall clock in ms. */
export class StoreClerk implements Clerk {
  readonly #store: Store;
  readonly #now: () => number;
  /** Numbers of accounts, by budget, scope and window. */
  readonly #numbers = new Map<string, number>();

  constructor(store: Store, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  async exchange(batch: Batch): Promise<Reply> {
    const numbers = await findAccounts(this.#store, this.#numbers, batch.accounts);
    const { reply, hints } = await this.#store.write<LedgerTables, Awaited<ReturnType<typeof exchange>>>((transaction) =>
      exchange(transaction, this.#store.kind, batch, numbers, this.#now()),
    );
    for (const hint of hints) await this.#tell(hint);
    return reply;
  }

  async #tell(hint: Hint): Promise<void> {
    try {
      await this.#store.publish(CHANNEL, JSON.stringify(hint));
    } catch {
      // What was written stands, and a hint may be lost: the others poll.
    }
  }

  audit(options: AuditOptions): Promise<AuditReport> {
    return audit(this.#store, options, this.#now());
  }

  spend(at: number): Promise<readonly Spend[]> {
    return readSpend(this.#store, at);
  }

  recent(at: number, hours: number): Promise<Readonly<Record<string, readonly number[]>>> {
    return readRecent(this.#store, at, hours);
  }

  calibration(): Promise<readonly CalibrationRow[]> {
    return this.#store.tables<LedgerTables>().selectFrom('ledger_calibration').selectAll().execute();
  }

  async listen(hear: (hint: Hint) => void): Promise<void> {
    await this.#store.subscribe(CHANNEL, (message) => hear(JSON.parse(message) as Hint));
  }

  async close(holder: string): Promise<void> {
    try {
      const returned = await this.#store.write<LedgerTables, readonly Hint[]>((transaction) =>
        returnSlices(transaction, this.#store.kind, holder),
      );
      for (const hint of returned) await this.#tell(hint);
    } finally {
      await this.#store.close();
    }
  }
}
