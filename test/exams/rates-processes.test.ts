import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreRateClerk } from '../../runtime/auth/store-rate-clerk.ts';
import type { Store } from '../../runtime/store/store.ts';
import type { TakerJob } from './rates/taker.ts';
import { SHELVES, type Shelf } from './store/stores.ts';

const TAKER = fileURLToPath(new URL('./rates/taker.ts', import.meta.url));
const make = SHELVES.postgres;

class Taker {
  readonly #child: ChildProcess;
  #output = '';

  constructor(job: TakerJob) {
    this.#child = spawn(process.execPath, [TAKER, JSON.stringify(job)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout!.on('data', (part: Buffer) => (this.#output += part.toString('utf8')));
  }

  async line(index: number): Promise<string> {
    const deadline = Date.now() + 60_000;
    while (this.#output.split('\n').length < index + 2) {
      if (Date.now() > deadline) throw new Error(`a taker said only ${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this.#output.split('\n')[index];
  }

  go(): void {
    this.#child.stdin!.write('go\n');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** The system lets it stand for a while, as a machine does that is moved. */
  async pause(ms: number): Promise<void> {
    this.#child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#child.kill('SIGCONT');
  }
}

/** The most by which a bucket would have been below 0. */
function findOvershoot(times: readonly number[], most: number, ms: number): number {
  let level = most;
  let last = times[0];
  let worst = 0;
  for (const at of times) {
    level = Math.min(most, level + ((at - last) * most) / ms) - 1;
    last = at;
    worst = Math.max(worst, -level);
  }
  return worst;
}

describe.skipIf(make === null)(make === null ? 'rates over processes (not run: no PostgreSQL)' : 'rates over processes', () => {
  let shelf: Shelf;
  let store: Store;
  const running: Taker[] = [];
  beforeEach(async () => {
    shelf = await make!();
    store = await shelf.open();
  });
  afterEach(async () => {
    for (const taker of running.splice(0)) taker.kill();
    await store.close();
    await shelf.remove();
  });

  const start = (index: number, job: Partial<TakerJob>): Taker => {
    const taker = new Taker({ location: shelf.location!, holder: `p${index}`, most: 100, ms: 1_000, length: 6_000, every: 4, ...job });
    running.push(taker);
    return taker;
  };

  /** Milliseconds of the database's clock, which the books are kept by, are whole ones. */
  const CLOCK = 2;

  test.each([
    ['100 a second', 100, 1_000],
    ['20 in ten seconds', 20, 10_000],
  ] as const)(
    'four at once, %s: never more than the rate, and at least nine tenths of it',
    async (_name, most, ms) => {
      const takers = [1, 2, 3, 4].map((index) => start(index, { most, ms }));
      await Promise.all(takers.map((taker) => taker.line(0)));
      for (const taker of takers) taker.go();
      const times = (await Promise.all(takers.map(async (taker) => JSON.parse(await taker.line(1)) as number[])))
        .flat()
        .sort((a, b) => a - b);
      expect(findOvershoot(times, most, ms)).toBeLessThanOrEqual((CLOCK * most) / ms);
      // From the first to the last: how long they really asked depends on the machine.
      const length = times.at(-1)! - times[0];
      expect(times.length).toBeGreaterThanOrEqual(Math.floor(0.9 * (most + (length * most) / ms)));
    },
    120_000,
  );

  test('one that stands still for longer than its lease finds its slice void; one that was killed costs its slice once', async () => {
    const takers = [1, 2, 3, 4].map((index) => start(index, { length: 14_000, every: 10 }));
    await Promise.all(takers.map((taker) => taker.line(0)));
    for (const taker of takers) taker.go();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    takers[3].kill();
    await takers[0].pause(7_000);
    const times = (await Promise.all(takers.slice(0, 3).map(async (taker) => JSON.parse(await taker.line(1)) as number[])))
      .flat()
      .sort((a, b) => a - b);
    expect(findOvershoot(times, 100, 1_000)).toBeLessThanOrEqual((CLOCK * 100) / 1_000);
    expect(times.length).toBeGreaterThan(700);
  }, 120_000);

  test('what says nothing any more is forgotten, and nothing else', async () => {
    const clerk = new StoreRateClerk(store);
    const order = { kind: 'requests' as const, slice: 0, returned: 0, needs: [1], ahead: 0, yields: false };
    await clerk.exchange('p', [{ ...order, caller: 'quick', most: 1_000, ms: 1_000 }], 1);
    await clerk.exchange('p', [{ ...order, caller: 'slow', most: 2, ms: 3_600_000 }], 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await clerk.prune();
    const buckets = await store.tables<{ rate_buckets: { caller: string } }>().selectFrom('rate_buckets').select('caller').execute();
    expect(buckets).toEqual([{ caller: 'slow' }]);
    const slices = await store.tables<{ rate_slices: { caller: string } }>().selectFrom('rate_slices').select('caller').execute();
    expect(slices).toEqual([{ caller: 'slow' }]);
  });
});
