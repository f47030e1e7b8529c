import { CalledThread } from '../called-thread.ts';
import type { StoreLocation } from '../store/store-location.ts';
import type { AuditOptions, AuditReport } from './audit.ts';
import type { Batch, CalibrationRow, Reply } from './batch.ts';
import type { Clerk, Hint } from './clerk.ts';
import type { Spend } from './read-spend.ts';

type Method = Exclude<keyof Clerk, 'listen' | 'close'>;

/** A clerk in a thread of its own. */
export class ThreadedClerk implements Clerk {
  readonly #thread: CalledThread<Method, Hint>;

  /** Throws a `Failure` where the store cannot be opened. */
  static async open(location: StoreLocation): Promise<ThreadedClerk> {
    const module = new URL('./clerk-thread.ts', import.meta.url);
    return new ThreadedClerk(await CalledThread.open({ module, name: 'ledger', data: { location } }));
  }

  private constructor(thread: CalledThread<Method, Hint>) {
    this.#thread = thread;
  }

  exchange(batch: Batch): Promise<Reply> {
    return this.#thread.call('exchange', batch);
  }

  audit(options: AuditOptions): Promise<AuditReport> {
    return this.#thread.call('audit', options);
  }

  spend(at: number): Promise<readonly Spend[]> {
    return this.#thread.call('spend', at);
  }

  recent(at: number, hours: number): Promise<Readonly<Record<string, readonly number[]>>> {
    return this.#thread.call('recent', at, hours);
  }

  calibration(): Promise<readonly CalibrationRow[]> {
    return this.#thread.call('calibration');
  }

  async listen(hear: (hint: Hint) => void): Promise<void> {
    this.#thread.listen(hear);
  }

  close(holder: string): Promise<void> {
    return this.#thread.close(holder);
  }
}
