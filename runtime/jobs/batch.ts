import { sql, type Transaction, type Updateable } from 'kysely';
import type { StoreKind } from '../store/store.ts';
import type { Delivery } from './delivery.ts';
import type { Job, JobEventKind } from './job.ts';
import type { JobHint, Seat } from './job-engine.ts';
import { type JobRow, readJob } from './read-job.ts';
import type { JobTables, TotalName } from './tables.ts';

/** Any number that nobody else locks: the bytes `job1`. */
const LOCK = 0x6a_6f_62_31;
/** A process that stops in the middle of a transaction must not stop the others, in ms. */
const IDLE_IN_TRANSACTION = '5000';

/** Commands that share one transaction, and what they leave to its end: history and sums in one statement each, hints after the commit. */
export class JobBatch {
  readonly transaction: Transaction<JobTables>;
  readonly kind: StoreKind;
  readonly delivery: Delivery;
  /** Wall clock, ms. */
  readonly now: number;
  readonly hints: JobHint[] = [];
  readonly #events: {
    job: string;
    at: number;
    event: JobEventKind;
    agent: string | null;
    holder: string | null;
    token: number;
    detail: string | null;
  }[] = [];
  readonly #totals = new Map<string, { queue: string; name: TotalName; amount: number }>();
  readonly #pending = new Map<string, number>();
  readonly #alive = new Map<string, boolean>();

  constructor(transaction: Transaction<JobTables>, kind: StoreKind, delivery: Delivery, now: number) {
    this.transaction = transaction;
    this.kind = kind;
    this.delivery = delivery;
    this.now = now;
  }

  /**
   * Batches of all processes come one after the other, so that what is counted stays true until the commit. SQLite has one writer anyway. The
   * number of the transaction, by which the server knows it afterwards; null on SQLite.
   */
  async lock(): Promise<string | null> {
    if (this.kind === 'sqlite') return null;
    const { rows } = await sql<{ number: string }>`select txid_current()::text as number,
      set_config('idle_in_transaction_session_timeout', ${IDLE_IN_TRANSACTION}, true), pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(
      this.transaction,
    );
    return rows[0].number;
  }

  async find(id: string): Promise<JobRow | undefined> {
    return this.transaction.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst();
  }

  async update(row: JobRow, changes: Updateable<JobTables['jobs']>): Promise<JobRow> {
    const changed = { ...row, ...changes } as JobRow;
    await this.transaction.updateTable('jobs').set(changes).where('id', '=', row.id).execute();
    if (row.state === 'pending' && changed.state !== 'pending') this.count(row.queue, -1);
    if (row.state !== 'pending' && changed.state === 'pending') this.count(row.queue, 1);
    return changed;
  }

  /** Gives a job to an agent: from here on only the new token may end it. */
  async assign(row: JobRow, { agent, holder }: Seat): Promise<Job> {
    if (row.delivery !== null) await this.delivery.settle(this, [row]);
    const first = row.assignment_ms === null;
    const latency = Math.max(0, this.now - row.created_at);
    const changed = await this.update(row, {
      state: 'in_progress',
      agent,
      holder,
      token: row.token + 1,
      attempts: row.attempts + 1,
      started_at: this.now,
      not_before: null,
      delivery: null,
      assignment_ms: first ? latency : row.assignment_ms,
    });
    this.tell(changed, 'assigned');
    if (first) {
      this.add(row.queue, 'assigned', 1);
      this.add(row.queue, 'assignment', latency);
    }
    return readJob(changed);
  }

  /** Adds to the history. */
  tell(
    { id, agent, holder, token }: Pick<JobRow, 'id' | 'agent' | 'holder' | 'token'>,
    event: JobEventKind,
    detail: string | null = null,
  ): void {
    this.#events.push({ job: id, at: this.now, event, agent, holder, token, detail });
  }

  add(queue: string, name: TotalName, amount: number): void {
    const key = `${queue} ${name}`;
    const total = this.#totals.get(key);
    if (total === undefined) this.#totals.set(key, { queue, name, amount });
    else total.amount += amount;
  }

  /** Jobs that wait in a queue, those of this batch counted. */
  async pending(queue: string): Promise<number> {
    const known = this.#pending.get(queue);
    if (known !== undefined) return known;
    const { count } = await this.transaction
      .selectFrom('jobs')
      .select((jobs) => jobs.fn.countAll<number>().as('count'))
      .where('queue', '=', queue)
      .where('state', '=', 'pending')
      .executeTakeFirstOrThrow();
    this.#pending.set(queue, Number(count));
    return Number(count);
  }

  count(queue: string, change: number): void {
    const known = this.#pending.get(queue);
    if (known !== undefined) this.#pending.set(queue, known + change);
  }

  /** Whether a holder may get jobs: it joined and was not given up. Its lease begins anew. */
  async mayHold(holder: string): Promise<boolean> {
    const known = this.#alive.get(holder);
    if (known !== undefined) return known;
    const { numUpdatedRows } = await this.transaction
      .updateTable('job_holders')
      .set((row) => ({ beat: row('beat', '+', 1) }))
      .where('id', '=', holder)
      .executeTakeFirst();
    this.#alive.set(holder, numUpdatedRows > 0n);
    return numUpdatedRows > 0n;
  }

  /** A holder joined or was given up: what was known of it is no longer true. */
  forgetHolder(holder: string): void {
    this.#alive.delete(holder);
  }

  /** Writes what was left to the end. */
  async finish(): Promise<void> {
    const ROWS = 500;
    for (let at = 0; at < this.#events.length; at += ROWS) {
      await this.transaction
        .insertInto('job_events')
        .values(this.#events.slice(at, at + ROWS))
        .execute();
    }
    const totals = [...this.#totals.values()].sort((one, other) => (`${one.queue} ${one.name}` < `${other.queue} ${other.name}` ? -1 : 1));
    if (totals.length === 0) return;
    await this.transaction
      .insertInto('job_totals')
      .values(totals)
      .onConflict((conflict) =>
        conflict
          .columns(['queue', 'name'])
          .doUpdateSet((row) => ({ amount: sql<number>`job_totals.amount + ${row.ref('excluded.amount')}` })),
      )
      .execute();
  }
}
