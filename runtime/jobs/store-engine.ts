import type { Store } from '../store/store.ts';
import { JobBatch } from './batch.ts';
import { claim } from './commands/claim.ts';
import { cancel, cancelPending, complete, expire, fail, redrive, release } from './commands/end-job.ts';
import { enqueue } from './commands/enqueue.ts';
import { forgetEnded } from './commands/forget-ended.ts';
import { giveUpHolder } from './commands/give-up-holder.ts';
import type { Delivery } from './delivery.ts';
import type { Job, JobEvent, NewJob } from './job.ts';
import type { Claimed, Ended, Enqueued, JobEngine, JobFilter, JobHint, JobPage, JobStats, Lease, Offer, Seat } from './job-engine.ts';
import { readStats } from './read-stats.ts';
import { readFate } from './read-fate.ts';
import { readJob } from './read-job.ts';
import type { JobTables } from './tables.ts';

/** A change in a transaction that others may share; it may be begun again, and what it throws fails the others' first try, too. */
export type Command<Result> = (batch: JobBatch) => Promise<Result>;

/** What a transaction would say once it is committed. */
interface Outcome {
  readonly results: readonly unknown[];
  readonly hints: readonly JobHint[];
  /** Its number at the server; null on SQLite, whose commits are never in doubt. */
  readonly number: string | null;
}

interface Waiting {
  readonly command: Command<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface StoreEngineOptions {
  readonly store: Store;
  readonly delivery: Delivery;
  /** Who listens is told to look at these when hints may have been lost. */
  readonly queues?: readonly string[];
  /** Wall clock, ms: what the record tells people. No lease depends on it. */
  readonly now?: () => number;
  /** A clock that is never set, ms: how long a holder was not heard of. */
  readonly monotonic?: () => number;
  /** How long ended jobs are remembered, ms. */
  readonly retention?: number;
  /** Look after leases by itself; where it is false somebody calls `sweep`. */
  readonly sweeps?: boolean;
}

/** How often holders are looked at while there are others than this process, and while there are none, in ms. */
const SWEEP = 250;
const REST = 5_000;
/** How often what ended long ago is forgotten, and lost deliveries are looked for, in ms. */
const TIDY = 60_000;
const WEEK = 7 * 86_400_000;
/** Commands that share a transaction at most: nobody waits for much more than one commit. */
const MOST = 256;
const CHANNEL = 'policyd_jobs';

/** A job engine over a store. Commands that come while a transaction runs share the next one, and are answered after its commit. */
export class StoreEngine implements JobEngine {
  readonly #store: Store;
  readonly #delivery: Delivery;
  readonly #now: () => number;
  readonly #monotonic: () => number;
  readonly #retention: number;
  readonly #queues: readonly string[];
  readonly #closing = new AbortController();
  readonly #waiting: Waiting[] = [];
  /** By holder that has jobs, when its beat was first seen as it is. */
  #seen = new Map<string, { readonly beat: number; readonly at: number }>();
  readonly #own = new Set<string>();
  #hear: (hint: JobHint) => void = () => {};
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #tidied: number;
  #sweeping = true;

  constructor({
    store,
    delivery,
    queues = [],
    now = Date.now,
    monotonic = () => performance.now(),
    retention = WEEK,
    sweeps = true,
  }: StoreEngineOptions) {
    this.#store = store;
    this.#delivery = delivery;
    this.#queues = queues;
    this.#now = now;
    this.#monotonic = monotonic;
    this.#retention = retention;
    this.#tidied = monotonic();
    this.#sweeping = sweeps;
    this.#rest(0);
  }

  join(holder: string, lease: number): Promise<void> {
    this.#own.add(holder);
    return this.run(async (batch) => {
      batch.forgetHolder(holder);
      await batch.transaction
        .insertInto('job_holders')
        .values({ id: holder, beat: 0, lease })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ lease }))
        .execute();
    });
  }

  enqueue(job: NewJob, seat: Seat | null): Promise<Enqueued> {
    return this.run((batch) => enqueue(batch, job, seat));
  }

  claim(queue: string, offers: readonly Offer[]): Promise<Claimed> {
    return this.run((batch) => claim(batch, queue, offers));
  }

  heartbeat(holder: string): Promise<boolean> {
    return this.run((batch) => batch.mayHold(holder));
  }

  complete(lease: Lease, result: string | null): Promise<Ended> {
    return this.run((batch) => complete(batch, lease, result));
  }

  fail(lease: Lease, error: string, options: Parameters<JobEngine['fail']>[2]): Promise<Ended> {
    return this.run((batch) => fail(batch, lease, error, options));
  }

  release(lease: Lease): Promise<Ended> {
    return this.run((batch) => release(batch, lease));
  }

  cancel(id: string, reason: string): Promise<Ended> {
    return this.run((batch) => cancel(batch, id, reason));
  }

  cancelPending(queue: string, reason: string): Promise<number> {
    return this.run((batch) => cancelPending(batch, queue, reason));
  }

  redrive(id: string, depth: number): ReturnType<JobEngine['redrive']> {
    return this.run((batch) => redrive(batch, id, depth));
  }

  /**
   * A holder is given up when its beat was seen unchanged for its lease, by a clock that nobody sets: neither a wall clock that jumps nor two
   * that differ can take a job from somebody who lives. Nor can an outage: nobody could beat, so that what was seen before it is no measure.
   */
  async sweep(): Promise<number> {
    try {
      return await this.#recover();
    } catch (error) {
      this.#seen.clear();
      throw error;
    }
  }

  async #recover(): Promise<number> {
    const tables = this.#store.tables<JobTables>();
    const holders = await tables
      .selectFrom('job_holders')
      .selectAll()
      .where(({ exists, selectFrom }) =>
        exists(selectFrom('jobs').select('seq').whereRef('jobs.holder', '=', 'job_holders.id').where('state', '=', 'in_progress')),
      )
      .execute();
    const now = this.#monotonic();
    const seen = new Map<string, { readonly beat: number; readonly at: number }>();
    const overdue: { id: string; beat: number }[] = [];
    for (const { id, beat, lease } of holders) {
      const before = this.#seen.get(id);
      const current = before?.beat === beat ? before : { beat, at: now };
      seen.set(id, current);
      if (now - current.at >= lease) overdue.push({ id, beat });
    }
    this.#seen = seen;
    let recovered = 0;
    for (const { id, beat } of overdue) {
      recovered += await this.run((batch) => giveUpHolder(batch, id, beat));
      this.#seen.delete(id);
    }
    // Jobs of a holder that is gone altogether, which no beat can tell of.
    const orphans = await tables
      .selectFrom('jobs')
      .select('holder')
      .distinct()
      .where('state', '=', 'in_progress')
      .where('holder', 'is not', null)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('job_holders').select('id').whereRef('job_holders.id', '=', 'jobs.holder'))),
      )
      .execute();
    for (const { holder } of orphans) recovered += (await this.run((batch) => expire(batch, holder!))).length;
    if (now - this.#tidied >= TIDY) await this.#tidy(now);
    return recovered;
  }

  async #tidy(now: number): Promise<void> {
    this.#tidied = now;
    const before = this.#now() - this.#retention;
    while ((await this.run((batch) => forgetEnded(batch, before))) > 0);
    await this.run((batch) => this.#delivery.repair(batch));
    // Holders without jobs that are long gone: one that still lives joins again.
    const idle = await this.#store.tables<JobTables>().selectFrom('job_holders').selectAll().execute();
    for (const { id, beat } of idle) {
      const last = this.#idle.get(id);
      if (this.#own.has(id) || last !== beat) this.#idle.set(id, beat);
      else {
        this.#idle.delete(id);
        await this.run((batch) => giveUpHolder(batch, id, beat));
      }
    }
    const known = new Set(idle.map(({ id }) => id));
    for (const id of this.#idle.keys()) if (!known.has(id)) this.#idle.delete(id);
  }

  /** Beats at the last look of `#tidy`. */
  readonly #idle = new Map<string, number>();

  async get(id: string): Promise<Job | null> {
    const row = await this.#store.tables<JobTables>().selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? null : readJob(row);
  }

  async list({ queue, states, types, agent, caller, limit, cursor }: JobFilter): Promise<JobPage> {
    let query = this.#store
      .tables<JobTables>()
      .selectFrom('jobs')
      .selectAll()
      .where('queue', '=', queue)
      .orderBy('seq', 'desc')
      .limit(limit);
    if (states !== undefined) query = query.where('state', 'in', states);
    if (types !== undefined) query = query.where('type', 'in', types);
    if (agent !== undefined) query = query.where('agent', '=', agent);
    if (caller !== undefined) query = query.where('caller', caller === null ? 'is' : '=', caller);
    if (cursor !== undefined) query = query.where('seq', '<', cursor);
    const rows = await query.execute();
    return { jobs: rows.map(readJob), cursor: rows.length === limit ? rows[limit - 1].seq : null };
  }

  stats(queue: string): Promise<JobStats> {
    return readStats(this.#store, queue);
  }

  async history(id: string): Promise<readonly JobEvent[]> {
    return this.#store
      .tables<JobTables>()
      .selectFrom('job_events')
      .select(['job', 'at', 'event', 'agent', 'holder', 'token', 'detail'])
      .where('job', '=', id)
      .orderBy('seq')
      .execute();
  }

  async readSize(queue: string): Promise<number> {
    const query = this.#store.tables<JobTables>().selectFrom('job_totals').select('amount');
    return (await query.where('queue', '=', queue).where('name', '=', 'size').executeTakeFirst())?.amount ?? 0;
  }

  writeSize(queue: string, size: number): Promise<void> {
    return this.run(async ({ transaction }) => {
      await transaction
        .insertInto('job_totals')
        .values({ queue, name: 'size', amount: size })
        .onConflict((conflict) => conflict.columns(['queue', 'name']).doUpdateSet({ amount: size }))
        .execute();
    });
  }

  async listen(hear: (hint: JobHint) => void): Promise<void> {
    this.#hear = hear;
    await this.#store.subscribe(
      CHANNEL,
      (message) => this.#hear(JSON.parse(message) as JobHint),
      () => {
        for (const queue of this.#queues) this.#hear({ kind: 'work', queue });
      },
    );
  }

  async close(holder: string): Promise<void> {
    this.#sweeping = false;
    clearTimeout(this.#timer);
    this.#closing.abort(new Error('the job engine is closed'));
    try {
      await this.run(async (batch) => {
        const held = batch.transaction.selectFrom('jobs').select(['id', 'token']).where('holder', '=', holder);
        for (const lease of await held.where('state', '=', 'in_progress').execute()) await release(batch, lease);
        await batch.transaction.deleteFrom('job_holders').where('id', '=', holder).execute();
      });
    } finally {
      await this.#running;
      await this.#delivery.close();
      await this.#store.close();
    }
  }

  /** A change of a room's own, in the transaction of the jobs: what belongs to a job is written with it, or not at all. */
  run<Result>(command: Command<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ command, resolve: resolve as (result: unknown) => void, reject });
      this.#running ??= this.#work();
    });
  }

  async #work(): Promise<void> {
    // What arrives in the same turn goes along.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0, MOST));
    this.#running = null;
  }

  async #commit(together: readonly Waiting[]): Promise<void> {
    let prepared: Outcome | null = null;
    try {
      const outcome = await this.#transact(together, (each) => {
        prepared = each;
      });
      await this.#answer(together, outcome);
    } catch (error) {
      const doubtful = prepared as Outcome | null;
      // Others need not wait until the server is back to be told that it is away.
      if (doubtful !== null && doubtful.number !== null) void this.#clearUp(together, doubtful, error);
      // One of them spoils it for all: each for itself tells which.
      else if (together.length > 1) for (const one of together) await this.#commit([one]);
      else together[0].reject(error);
    }
  }

  /**
   * The connection broke in the commit: it may have happened. Guessing would give jobs to agents that never hear of them, so that it is asked
   * for, however long the server is away.
   */
  async #clearUp(together: readonly Waiting[], outcome: Outcome, error: unknown): Promise<void> {
    let fate: 'committed' | 'aborted' = 'aborted';
    try {
      fate = await readFate(this.#store, outcome.number!, this.#closing.signal);
    } catch {
      // Nobody will ever know: the callers hear what happened.
    }
    if (fate === 'committed') await this.#answer(together, outcome);
    else for (const { reject } of together) reject(error);
  }

  async #answer(together: readonly Waiting[], { results, hints }: Outcome): Promise<void> {
    for (const [i, { resolve }] of together.entries()) resolve(results[i]);
    for (const hint of hints) await this.#tell(hint);
  }

  /** `prepare` hears what it will say, just before the commit. */
  #transact(together: readonly Waiting[], prepare: (outcome: Outcome) => void): Promise<Outcome> {
    return this.#store.write<JobTables, Outcome>(async (transaction) => {
      const batch = new JobBatch(transaction, this.#store.kind, this.#delivery, this.#now());
      const number = await batch.lock();
      const results: unknown[] = [];
      for (const { command } of together) results.push(await command(batch));
      await batch.finish();
      const outcome = { results, hints: mergeHints(batch.hints), number };
      prepare(outcome);
      return outcome;
    });
  }

  async #tell(hint: JobHint): Promise<void> {
    try {
      await this.#store.publish(CHANNEL, JSON.stringify(hint));
    } catch {
      // What was written stands, and a hint may be lost.
    }
  }

  /** The next look at the holders. */
  #rest(ms: number): void {
    this.#timer = setTimeout(async () => {
      try {
        await this.sweep();
      } catch {
        // The store is away: the next look finds what this one missed.
      }
      const others = [...this.#seen.keys()].some((id) => !this.#own.has(id));
      if (this.#sweeping) this.#rest(others || this.#store.kind === 'sqlite' || this.#seen.size > 0 ? SWEEP : REST);
    }, ms);
    this.#timer.unref();
  }
}

/** Everybody looks once, however many jobs there are. */
function mergeHints(hints: readonly JobHint[]): readonly JobHint[] {
  const works = new Map<string, JobHint>();
  const others: JobHint[] = [];
  for (const hint of hints) {
    if (hint.kind === 'work') works.set(hint.queue, hint);
    else others.push(hint);
  }
  return [...others, ...works.values()];
}
