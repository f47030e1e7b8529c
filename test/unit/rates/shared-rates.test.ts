import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { NamedOrder, RateAnswer, RateClerk, RateHint, RateReply } from '../../../runtime/auth/rate-clerk.ts';
import { SharedRates } from '../../../runtime/auth/shared-rates.ts';
import { shareRate } from '../../../runtime/auth/share-rate.ts';
import type { CallerConfig } from '../../../schema/manifest.ts';

/** The books in memory: what a database does, with its delays and failures. */
class Books {
  readonly hearers = new Map<string, (hint: RateHint) => void>();
  readonly #buckets = new Map<string, { level: number; at: number }>();
  readonly #slices = new Map<string, Map<string, { amount: number; until: number }>>();
  readonly #holders = new Map<string, number>();
  away = false;
  /** The next answers are lost although what was asked was done. */
  loseAnswers = 0;
  delay = 2;

  clerkOf(name: string): RateClerk {
    return {
      exchange: async (holder, orders, lease) => {
        await sleep(this.delay);
        if (this.away) throw new Error('away');
        const reply = this.#exchange(holder, orders, performance.now() + lease);
        await sleep(this.delay);
        if (this.loseAnswers > 0) {
          this.loseAnswers--;
          throw new Error('lost');
        }
        return reply;
      },
      tell: async (hint) => {
        await sleep(1);
        for (const [to, hear] of this.hearers) if (to !== hint.from) hear(hint);
      },
      listen: async (hear) => {
        this.hearers.set(name, hear);
        return async () => void this.hearers.delete(name);
      },
      leave: async (holder) => {
        this.#holders.delete(holder);
      },
      prune: async () => {},
    };
  }

  #exchange(holder: string, orders: readonly NamedOrder[], until: number): RateReply {
    const now = performance.now();
    this.#holders.set(holder, until);
    const holders = [...this.#holders.values()].filter((end) => end > now).length;
    const answers = orders.map((order): RateAnswer => {
      const { caller, kind } = order;
      const key = `${caller} ${kind}`;
      const slices = this.#slices.get(key) ?? new Map<string, { amount: number; until: number }>();
      this.#slices.set(key, slices);
      const held = [...slices].map(([whose, told]) => ({ ...told, isOwn: whose === holder }));
      const { level, at, slice, wait } = shareRate(this.#buckets.get(key) ?? null, order, held, holders, now);
      for (const [whose, told] of slices) if (told.until <= now) slices.delete(whose);
      const others = [...slices].reduce((sum, [whose, { amount }]) => (whose === holder ? sum : sum + amount), 0);
      this.#buckets.set(key, { level, at });
      slices.set(holder, { amount: slice, until });
      return { caller, kind, slice, wait, others: others > 0 };
    });
    return { answers, holders };
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const callerWith = (most: number, ms: number): CallerConfig =>
  ({ name: 'app', rate: { requests: { most, ms }, tokens: null } }) as unknown as CallerConfig;

beforeEach(
  () =>
    void vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'performance'],
    }),
);
afterEach(() => void vi.useRealTimers());

/** As the gateway asks: draws where that helps, then takes. */
async function ask(rates: SharedRates, caller: CallerConfig, amount = 1): Promise<number> {
  const drawn = rates.draw(caller, 'requests', amount);
  if (drawn !== null) await drawn;
  return rates.take(caller, 'requests', amount);
}

async function openAll(books: Books, count: number): Promise<SharedRates[]> {
  const all = Array.from({ length: count }, (_, index) => new SharedRates({ clerk: books.clerkOf(`p${index}`), holder: `p${index}` }));
  const opened = Promise.all(all.map((rates) => rates.open()));
  await vi.advanceTimersByTimeAsync(20);
  await opened;
  // Until each has heard of all.
  await vi.advanceTimersByTimeAsync(6_000);
  return all;
}

/** The most by which any window holds more than a bucket gives in it: at least 0 where the law is broken. */
function findOvershoot(taken: readonly { at: number; amount: number }[], most: number, ms: number): number {
  // A bucket that may go below 0 tells the same as all windows.
  let level = most;
  let last = 0;
  let worst = Number.NEGATIVE_INFINITY;
  for (const { at, amount } of taken) {
    level = Math.min(most, level + ((at - last) * most) / ms) - amount;
    last = at;
    worst = Math.max(worst, -level);
  }
  return worst;
}

type Fault = 'none' | 'slow' | 'fast' | 'away' | 'back' | 'lose';

const stepsWith = (...faults: Fault[]) =>
  fc.array(
    fc.record({
      process: fc.nat({ max: 3 }),
      burst: fc.integer({ min: 1, max: 30 }),
      pause: fc.constantFrom(0, 1, 3, 10, 60, 400, 2_000, 7_000),
      fault: fc.constantFrom<Fault>('none', 'none', 'none', 'none', 'none', ...faults),
    }),
    { minLength: 10, maxLength: 80 },
  );

type Steps = typeof stepsWith extends (...faults: Fault[]) => fc.Arbitrary<infer Value> ? Value : never;

/** Lets four processes ask as the steps say; how much more than one bucket gives they took in any window. */
async function runSteps(steps: Steps, most: number, ms: number): Promise<number> {
  const books = new Books();
  const all = await openAll(books, 4);
  const caller = callerWith(most, ms);
  const start = performance.now();
  const taken: { at: number; amount: number }[] = [];
  const pending: Promise<void>[] = [];
  for (const { process, burst, pause, fault } of steps) {
    if (fault === 'away') books.away = true;
    if (fault === 'back') books.away = false;
    if (fault === 'lose') books.loseAnswers = 2;
    if (fault === 'slow') books.delay = 400;
    if (fault === 'fast') books.delay = 2;
    for (let count = 0; count < burst; count++) {
      pending.push(
        ask(all[process], caller).then((wait) => {
          if (wait === 0) taken.push({ at: performance.now() - start, amount: 1 });
        }),
      );
    }
    await vi.advanceTimersByTimeAsync(pause);
  }
  await vi.advanceTimersByTimeAsync(5_000);
  await Promise.all(pending);
  const overshoot = findOvershoot(taken, most, ms);
  books.away = false;
  const closed = Promise.all(all.map((rates) => rates.close()));
  await vi.advanceTimersByTimeAsync(2_000);
  await closed;
  return overshoot;
}

describe('over four processes', () => {
  const anyMost = fc.constantFrom(5, 20, 100);
  const anyMs = fc.constantFrom(1_000, 10_000);

  test('no window ever holds more than one bucket would give, however slow the store is', async () => {
    await fc.assert(
      fc.asyncProperty(stepsWith('slow', 'fast'), anyMost, anyMs, async (steps, most, ms) => {
        expect(await runSteps(steps, most, ms)).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  test('where the store comes and goes, it is never more than one rate too many', async () => {
    await fc.assert(
      fc.asyncProperty(stepsWith('slow', 'fast', 'away', 'back', 'lose'), anyMost, anyMs, async (steps, most, ms) => {
        expect(await runSteps(steps, most, ms)).toBeLessThanOrEqual(most);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  test.each([
    ['all busy', [0, 1, 2, 3], 100, 1_000],
    ['one busy', [0], 100, 1_000],
    ['one busier than the others', [0, 0, 0, 0, 0, 0, 1, 2, 3], 50, 1_000],
    ['a small rate', [0, 1, 2, 3], 6, 6_000],
  ] as const)('%s: at least nine tenths of the rate can be used', async (_name, order, most, ms) => {
    const books = new Books();
    const all = await openAll(books, 4);
    const caller = callerWith(most, ms);
    let taken = 0;
    const length = 20 * ms;
    const pending: Promise<void>[] = [];
    const every = ms / most / 3;
    for (let at = 0, turn = 0; at < length; at += every, turn++) {
      pending.push(ask(all[order[turn % order.length]], caller).then((wait) => void (wait === 0 && taken++)));
      await vi.advanceTimersByTimeAsync(every);
    }
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all(pending);
    expect(taken).toBeGreaterThanOrEqual(0.9 * (most + (length * most) / ms));
    expect(taken).toBeLessThanOrEqual(most + ((length + 1_000) * most) / ms);
  });

  test('a burst of the whole rate passes at one of them, and none of it at the others', async () => {
    const books = new Books();
    const all = await openAll(books, 4);
    const caller = callerWith(40, 3_600_000);
    // Each has some at hand.
    const first = await Promise.all([...all.map((rates) => ask(rates, caller)), vi.advanceTimersByTimeAsync(300)]);
    expect(first.slice(0, 4)).toEqual([0, 0, 0, 0]);
    const burst = Promise.all(Array.from({ length: 40 }, () => ask(all[0], caller)));
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await burst).filter((wait) => wait === 0)).toHaveLength(36);
    const late = Promise.all(all.map((rates) => ask(rates, caller)));
    await vi.advanceTimersByTimeAsync(2_000);
    // What is told is when there will be one again, not when to ask the store again.
    for (const wait of await late) expect(wait).toBeGreaterThan(60_000);
  });

  test('without the store each keeps to its part; what was taken is told when it is back', async () => {
    const books = new Books();
    const all = await openAll(books, 4);
    const caller = callerWith(100, 10_000);
    const all0 = Promise.all(all.map((rates) => ask(rates, caller)));
    await vi.advanceTimersByTimeAsync(100);
    await all0;
    books.away = true;
    await vi.advanceTimersByTimeAsync(12_000);
    let taken = 0;
    for (let at = 0; at < 10_000; at += 50) {
      for (const rates of all) if (rates.take(caller, 'requests', 1) === 0) taken++;
      await vi.advanceTimersByTimeAsync(50);
    }
    // Five seconds after they missed it they began: what came in since then is all there is.
    expect(taken).toBeGreaterThanOrEqual(90);
    expect(taken).toBeLessThanOrEqual(10 * (12 + 10 - 5));
    // Nothing of that comes twice.
    books.away = false;
    await vi.advanceTimersByTimeAsync(1_100);
    const back = Promise.all(Array.from({ length: 40 }, () => ask(all[0], caller)));
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await back).filter((wait) => wait === 0).length).toBeLessThanOrEqual(30);
  });
});
