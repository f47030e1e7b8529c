import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Batch, Reply } from '../../runtime/ledger/batch.ts';
import { Ledger } from '../../runtime/ledger/ledger.ts';
import type { LedgerEvent } from '../../runtime/ledger/ledger-event.ts';
import { openLedger } from '../../runtime/ledger/open-ledger.ts';
import type { Reservation } from '../../runtime/ledger/reservation.ts';
import { StoreClerk } from '../../runtime/ledger/store-clerk.ts';
import type { LedgerTables } from '../../runtime/ledger/tables.ts';
import { openStore } from '../../runtime/store/open-store.ts';
import { DOLLAR, FACTS, makeBudget, USAGE } from './ledger/budgets.ts';
import { POSTGRES_URL, SHELVES } from './store/stores.ts';

/** What holds while the store cannot be reached. */
const CENT = DOLLAR / 100;
const facts = { usage: USAGE, duration: 1 };

class BrokenClerk extends StoreClerk {
  broken = false;
  /** Answers wait for it. */
  gate: Promise<void> = Promise.resolve();

  override async exchange(batch: Batch): Promise<Reply> {
    if (this.broken) throw new Error('the wire is cut');
    const reply = await super.exchange(batch);
    await this.gate;
    return reply;
  }
}

describe('a wire that is cut', () => {
  let folder: string;
  let clerk: BrokenClerk;
  let ledger: Ledger;
  const events: LedgerEvent[] = [];
  beforeEach(async () => {
    events.length = 0;
    folder = mkdtempSync(join(tmpdir(), 'policyd-outage-'));
    clerk = new BrokenClerk(await openStore({ kind: 'sqlite', file: join(folder, 'x.sqlite') }, true));
    ledger = await Ledger.open({ clerk, failOpen: new Set(['open']), onEvent: (event) => events.push(event) });
  });
  afterEach(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true });
  });

  test('only the slice is spent, refusals come in time, and what was granted meanwhile is written afterwards', async () => {
    const book = ledger.configure([makeBudget('company', 100)]);
    const first = (await ledger.reserve(book, [0], CENT, FACTS, 2_000)) as Reservation;
    await ledger.durable();
    clerk.broken = true;
    const granted: Reservation[] = [first];
    for (let i = 0; i < 1_000; i++) {
      const answer = ledger.tryReserve(book, [0], CENT, FACTS);
      if (!answer.granted) break;
      granted.push(answer);
    }
    expect(granted.length).toBeGreaterThan(1);
    expect(granted.length).toBeLessThan(50);
    const began = performance.now();
    expect(await ledger.reserve(book, [0], CENT, FACTS, 300)).toMatchObject({
      kind: 'store-unreachable',
      budget: 'company',
      retryAfter: 1,
    });
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(ledger.tryReserve(book, [0], CENT, FACTS)).toMatchObject({ kind: 'store-unreachable' });
    for (const reservation of granted) ledger.settle(reservation, CENT / 2, facts);
    clerk.broken = false;
    await ledger.durable();
    expect(events.map(({ event }) => event).filter((event) => event.startsWith('store'))).toEqual(['store-lost', 'store-back']);
    const [view] = await ledger.describe();
    expect(view).toMatchObject({ settled: (granted.length * CENT) / 2, reserved: 0, lost: 0 });
    expect((await ledger.reserve(book, [0], CENT, FACTS, 2_000)).granted).toBe(true);
  });

  test('what is set aside while a batch is under way is not there a second time when it answers', async () => {
    const book = ledger.configure([makeBudget('company', 100)]);
    expect((await ledger.reserve(book, [0], CENT, FACTS, 2_000)).granted).toBe(true);
    await ledger.exchange();
    const take = (): number => Number(ledger.tryReserve(book, [0], CENT, FACTS).granted);
    expect(take()).toBe(1);
    let open = (): void => {};
    clerk.gate = new Promise((resolve) => {
      open = resolve;
    });
    const sending = ledger.exchange();
    const meanwhile = take();
    expect(meanwhile).toBe(1);
    open();
    await sending;
    const [{ held }] = await ledger.describe();
    let afterwards = 0;
    while (take() === 1) afterwards++;
    expect(meanwhile + afterwards).toBe(held / CENT);
  });

  test('a budget that may fail open grants, counts and tells; another one in scope still refuses', async () => {
    const book = ledger.configure([makeBudget('open', 1), makeBudget('closed', 1)]);
    await ledger.exchange();
    clerk.broken = true;
    const granted = (await ledger.reserve(book, [0], 50 * CENT, FACTS, 2_000)) as Reservation;
    expect(granted.granted).toBe(true);
    expect(events).toContainEqual({ event: 'overspent', budget: 'open', amount: 50 * CENT });
    expect(ledger.tryReserve(book, [0, 1], 50 * CENT, FACTS)).toMatchObject({ kind: 'store-unreachable', budget: 'closed' });
    ledger.settle(granted, 40 * CENT, facts);
    clerk.broken = false;
    await ledger.durable();
    await ledger.audit();
    expect(events.filter(({ event }) => event === 'drift')).toEqual([]);
    expect((await ledger.describe())[0]).toMatchObject({ name: 'open', settled: 40 * CENT, reserved: 0 });
  });

  test('a ledger that closes while the wire is cut says so to who waits, and ends', async () => {
    const book = ledger.configure([makeBudget('company', 100)]);
    clerk.broken = true;
    const waiting = ledger.reserve(book, [0], CENT, FACTS, 60_000);
    ledger.tryReserve(book, [], CENT, FACTS);
    const durable = ledger.durable();
    const refused = expect(durable).rejects.toThrow('the ledger closed before the store could be reached');
    await ledger.close();
    await refused;
    expect(await waiting).toMatchObject({ granted: false });
    expect(ledger.tryReserve(book, [], CENT, FACTS)).toMatchObject({ kind: 'overloaded' });
  });
});

const makePostgres = SHELVES.postgres;
describe.skipIf(makePostgres === null)(makePostgres === null ? 'PostgreSQL (not run: no PostgreSQL)' : 'PostgreSQL', () => {
  test('connections that are cut again and again lose no entry and count none twice', async () => {
    const shelf = await makePostgres!();
    const events: LedgerEvent[] = [];
    const ledger = await openLedger(shelf.location!, { onEvent: (event) => events.push(event) });
    const knife = new pg.Client({ connectionString: POSTGRES_URL });
    await knife.connect();
    try {
      const book = ledger.configure([makeBudget('company', 100)]);
      let settled = 0;
      let cut = 0;
      for (let round = 0; round < 60; round++) {
        const answers = await Promise.all(Array.from({ length: 10 }, () => ledger.reserve(book, [0], CENT, FACTS, 10_000)));
        for (const answer of answers) {
          if (!answer.granted) throw new Error(answer.kind);
          ledger.settle(answer, CENT / 2, facts);
          settled++;
        }
        if (round % 3 !== 0) continue;
        const schema = (shelf.location as { schema: string }).schema;
        const { rowCount } = await knife.query(
          `select pg_terminate_backend(l.pid) from (select distinct pid from pg_locks join pg_class on relation = pg_class.oid
             join pg_namespace n on n.oid = relnamespace where nspname = $1 and pid != pg_backend_pid()) l`,
          [schema],
        );
        cut += rowCount ?? 0;
      }
      await ledger.durable();
      await ledger.audit();
      expect(settled).toBe(600);
      expect(cut, 'connections cut in the middle of a transaction').toBeGreaterThan(0);
      expect(events.filter(({ event }) => event === 'drift')).toEqual([]);
      expect((await ledger.describe())[0]).toMatchObject({ settled: 300 * CENT, reserved: 0 });
      const store = await shelf.open();
      expect(await store.tables<LedgerTables>().selectFrom('ledger_entries').select('id').execute()).toHaveLength(600);
      await store.close();
    } finally {
      await knife.end();
      await ledger.close();
      await shelf.remove();
    }
  }, 60_000);
});
