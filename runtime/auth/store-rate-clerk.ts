import { sql, type Transaction } from 'kysely';
import type { Store } from '../store/store.ts';
import type { NamedOrder, RateAnswer, RateClerk, RateHint, RateReply } from './rate-clerk.ts';
import type { RateTables } from './rate-tables.ts';
import { shareRate } from './share-rate.ts';

const CHANNEL = 'policyd_rates';

/** A clerk over a store. Times are by the database's clock, which all processes have in common. */
export class StoreRateClerk implements RateClerk {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  exchange(holder: string, orders: readonly NamedOrder[], lease: number): Promise<RateReply> {
    // In one order in all processes: so they wait for each other, and never in a circle.
    const sorted = [...orders].sort((a, b) => (`${a.kind} ${a.caller}` < `${b.kind} ${b.caller}` ? -1 : 1));
    return this.#store.write<RateTables, RateReply>(async (transaction) => {
      const now = await this.#readClock(transaction);
      const expires_at = now + lease;
      await transaction
        .insertInto('rate_holders')
        .values({ id: holder, expires_at })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ expires_at }))
        .execute();
      const { count } = await transaction
        .selectFrom('rate_holders')
        .select((from) => from.fn.countAll<number>().as('count'))
        .where('expires_at', '>', now)
        .executeTakeFirstOrThrow();
      const holders = Number(count);
      const answers: RateAnswer[] = [];
      for (const order of sorted) answers.push(await this.#serve(transaction, holder, order, holders, now, expires_at));
      return { answers, holders };
    });
  }

  async #serve(
    transaction: Transaction<RateTables>,
    holder: string,
    order: NamedOrder,
    holders: number,
    now: number,
    expires_at: number,
  ): Promise<RateAnswer> {
    const { caller, kind, most, ms } = order;
    // The row is made so that it can be locked: two processes that find none would both begin with a full one.
    await transaction
      .insertInto('rate_buckets')
      .values({ caller, kind, level: most, at: now, full_at: now })
      .onConflict((conflict) => conflict.columns(['caller', 'kind']).doNothing())
      .execute();
    const found = transaction.selectFrom('rate_buckets').select(['level', 'at']).where('caller', '=', caller).where('kind', '=', kind);
    const bucket = await (this.#store.kind === 'postgres' ? found.forUpdate() : found).executeTakeFirstOrThrow();
    const held = await transaction
      .selectFrom('rate_slices')
      .select(['holder', 'amount', 'expires_at'])
      .where('caller', '=', caller)
      .where('kind', '=', kind)
      .execute();
    const slices = held.map(({ holder: whose, amount, expires_at: until }) => ({ amount, until, isOwn: whose === holder }));
    const { level, at, slice, wait } = shareRate(bucket, order, slices, holders, now);
    const over = slices.some(({ until }) => until <= at);
    if (over) {
      await transaction
        .deleteFrom('rate_slices')
        .where('caller', '=', caller)
        .where('kind', '=', kind)
        .where('expires_at', '<=', at)
        .execute();
    }
    const full_at = expires_at + Math.ceil(((most - level) * ms) / most);
    await transaction
      .updateTable('rate_buckets')
      .set({ level, at, full_at })
      .where('caller', '=', caller)
      .where('kind', '=', kind)
      .execute();
    await transaction
      .insertInto('rate_slices')
      .values({ caller, kind, holder, amount: slice, expires_at })
      .onConflict((conflict) => conflict.columns(['caller', 'kind', 'holder']).doUpdateSet({ amount: slice, expires_at }))
      .execute();
    const others = slices.some(({ isOwn, amount, until }) => !isOwn && amount > 0 && until > at);
    return { caller, kind, slice, wait, others };
  }

  async tell(hint: RateHint): Promise<void> {
    await this.#store.publish(CHANNEL, JSON.stringify(hint));
  }

  listen(hear: (hint: RateHint) => void): Promise<() => Promise<void>> {
    return this.#store.subscribe(CHANNEL, (message) => hear(JSON.parse(message) as RateHint));
  }

  async leave(holder: string): Promise<void> {
    await this.#store.write<RateTables, void>(async (transaction) => {
      await transaction.deleteFrom('rate_slices').where('holder', '=', holder).where('amount', '=', 0).execute();
      await transaction.deleteFrom('rate_holders').where('id', '=', holder).execute();
    });
  }

  async prune(): Promise<void> {
    await this.#store.write<RateTables, void>(async (transaction) => {
      const now = await this.#readClock(transaction);
      await transaction.deleteFrom('rate_holders').where('expires_at', '<', now).execute();
      // Slices that are over count until their bucket has been filled once more.
      await transaction.deleteFrom('rate_buckets').where('full_at', '<', now).execute();
      await transaction
        .deleteFrom('rate_slices')
        .where('expires_at', '<', now)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('rate_buckets')
                .select('rate_buckets.caller')
                .whereRef('rate_buckets.caller', '=', 'rate_slices.caller')
                .whereRef('rate_buckets.kind', '=', 'rate_slices.kind'),
            ),
          ),
        )
        .execute();
    });
  }

  async #readClock(transaction: Transaction<RateTables>): Promise<number> {
    if (this.#store.kind === 'sqlite') return Date.now();
    const { rows } = await sql<{ now: number }>`select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now`.execute(
      transaction,
    );
    return Number(rows[0].now);
  }
}
