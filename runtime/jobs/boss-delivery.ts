import { sql } from 'kysely';
import { fromKysely, PgBoss } from 'pg-boss';
import type { JobBatch } from './batch.ts';
import type { Delivery } from './delivery.ts';
import { isDue } from './is-due.ts';
import { makeId } from './make-id.ts';
import type { JobRow } from './read-job.ts';

/** Connections of pg-boss itself, for its maintenance; deliveries use the transaction of the record. */
const CONNECTIONS = 2;
/** Seconds. A delivery may wait as long as its job, a job in progress is under our own lease, and what is over is forgotten within the hour. */
const RETENTION = 365 * 86_400;
const EXPIRY = 86_399;
const KEPT = 3_600;
/** Seconds until a job that nobody here may have is delivered again. */
const AGAIN = 1;
/** Deliveries that are looked through for one that fits. */
const PAGES = 16;

export interface BossPlace {
  readonly url: string;
  readonly schema: string;
  /** Queues, and the types of jobs in each. */
  readonly queues: Readonly<Record<string, readonly string[]>>;
}

/**
 * pg-boss delivers: a queue of its own for each type, since it cannot pick by agent. It is told and asked in the transaction that changes the
 * record (its `db` option), so that neither knows what the other does not. The record decides, always: it says which types are next, and
 * what pg-boss delivers of a job that no longer waits is dropped.
 */
export class BossDelivery implements Delivery {
  readonly #boss: PgBoss;
  readonly #schema: string;
  /** Others are delivered by the record itself, in the same tables. */
  readonly #queues: readonly string[];

  private constructor(boss: PgBoss, schema: string, queues: readonly string[]) {
    this.#boss = boss;
    this.#schema = schema;
    this.#queues = queues;
  }

  static async open({ url, schema, queues }: BossPlace, onError: (error: Error) => void): Promise<BossDelivery> {
    const boss = new PgBoss({
      connectionString: url,
      schema,
      max: CONNECTIONS,
      application_name: 'policyd',
      options: '-c synchronous_commit=on',
      schedule: false,
    });
    // An `error` that nobody hears would end the process; a database that is away comes back.
    boss.on('error', onError);
    try {
      await boss.start();
      const options = { retryLimit: 0, expireInSeconds: EXPIRY, retentionSeconds: RETENTION, deleteAfterSeconds: KEPT };
      for (const [queue, types] of Object.entries(queues)) {
        for (const type of types) await boss.createQueue(nameOf(queue, type), options);
      }
    } catch (error) {
      await boss.stop({ graceful: false });
      throw error;
    }
    return new BossDelivery(boss, schema, Object.keys(queues));
  }

  async offer(batch: JobBatch, rows: readonly JobRow[]): Promise<void> {
    for (const row of rows) {
      if (!this.#queues.includes(row.queue)) continue;
      await this.#send(batch, row, row.not_before === null ? 0 : Math.max(0, row.not_before - batch.now) / 1_000);
    }
  }

  async *take(batch: JobBatch, queue: string, types: readonly string[], want: number): AsyncIterable<readonly JobRow[]> {
    const seen = new Set<string>();
    for (let page = 0; page < PAGES; page++) {
      const next = await this.#findNext(batch, queue, types, want, [...seen]);
      if (next.length === 0) return;
      // Also what pg-boss does not deliver yet, since it was given back a moment ago: it must not hide what comes behind it.
      for (const { id } of next) seen.add(id);
      const taken: JobRow[] = [];
      for (const [type, rows] of Map.groupBy(next, (row) => row.type)) {
        const delivered = await this.#boss.fetch<{ job: string }>(nameOf(queue, type), {
          batchSize: rows.length,
          db: fromKysely(batch.transaction),
        });
        for (const { id, data } of delivered) {
          const row = await batch.find(data.job);
          if (row?.state === 'pending' && row.delivery === id) taken.push(row);
          // It ended or was given away by other means.
          else await this.#boss.complete(nameOf(queue, type), id, null, { db: fromKysely(batch.transaction) });
        }
      }
      for (const { id } of taken) seen.add(id);
      if (taken.length > 0) yield taken.sort((one, other) => other.priority - one.priority || one.seq - other.seq);
    }
  }

  /** The next `want` jobs by the record, in order. */
  async #findNext(
    { transaction, now }: JobBatch,
    queue: string,
    types: readonly string[],
    want: number,
    seen: readonly string[],
  ): Promise<readonly Pick<JobRow, 'id' | 'type'>[]> {
    let query = transaction
      .selectFrom('jobs')
      .select(['id', 'type'])
      .where('queue', '=', queue)
      .where('state', '=', 'pending')
      .where('type', 'in', types)
      .where(isDue(now))
      .orderBy('priority', 'desc')
      .orderBy('seq')
      .limit(want);
    if (seen.length > 0) query = query.where('id', 'not in', seen);
    return query.execute();
  }

  async giveBack(batch: JobBatch, rows: readonly JobRow[]): Promise<void> {
    await this.settle(batch, rows);
    for (const row of rows) await this.#send(batch, row, AGAIN);
  }

  async settle({ transaction }: JobBatch, rows: readonly JobRow[]): Promise<void> {
    const db = fromKysely(transaction);
    for (const { queue, type, delivery } of rows) {
      if (delivery !== null) await this.#boss.complete(nameOf(queue, type), delivery, null, { db, includeQueued: true });
    }
  }

  async repair(batch: JobBatch): Promise<void> {
    const lost = await batch.transaction
      .selectFrom('jobs')
      .selectAll()
      .where('queue', 'in', this.#queues)
      .where('state', '=', 'pending')
      .where(
        sql<boolean>`not exists (select 1 from ${sql.table(`${this.#schema}.job`)} as delivered
          where delivered.id::text = jobs.delivery and delivered.state::text in ('created', 'retry'))`,
      )
      .limit(1_000)
      .execute();
    await this.offer(batch, lost);
  }

  async close(): Promise<void> {
    await this.#boss.stop({ graceful: false });
  }

  async #send(batch: JobBatch, { id, queue, type, priority }: JobRow, delay: number): Promise<void> {
    const delivery = makeId();
    await this.#boss.insert(
      nameOf(queue, type),
      [{ id: delivery, data: { job: id }, priority, ...(delay > 0 ? { startAfter: delay } : {}) }],
      { db: fromKysely(batch.transaction) },
    );
    await batch.transaction.updateTable('jobs').set({ delivery }).where('id', '=', id).execute();
  }
}

function nameOf(queue: string, type: string): string {
  return `${queue}.${type}`;
}
