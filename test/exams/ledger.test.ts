import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ledger, type LedgerOptions } from '../../runtime/ledger/ledger.ts';
import type { LedgerEvent } from '../../runtime/ledger/ledger-event.ts';
import type { Refusal } from '../../runtime/ledger/refusal.ts';
import type { Reservation } from '../../runtime/ledger/reservation.ts';
import { StoreClerk } from '../../runtime/ledger/store-clerk.ts';
import type { LedgerTables } from '../../runtime/ledger/tables.ts';
import type { Store } from '../../runtime/store/store.ts';
import { DOLLAR, FACTS, makeBudget, USAGE } from './ledger/budgets.ts';
import { SHELVES, type Shelf } from './store/stores.ts';

/** The exam that a ledger passes over every store. */
const CENT = DOLLAR / 100;
const PLENTY = 5_000;
const START = Date.UTC(2026, 10, 20, 13, 30);

for (const [kind, make] of Object.entries(SHELVES)) {
  if (kind === 'sqlite') continue; // the same database; its thread is in the exams of processes
  describe.skipIf(make === null)(make === null ? `${kind} (not run: no PostgreSQL)` : kind, () => {
    let shelf: Shelf;
    let store: Store;
    let now = START;
    const ledgers: Ledger[] = [];
    const events: LedgerEvent[] = [];
    beforeEach(async () => {
      shelf = await make!();
      store = await shelf.open();
      now = START;
      events.length = 0;
    });
    afterEach(async () => {
      for (const ledger of ledgers.splice(0)) await ledger.close();
      await store.close();
      await shelf.remove();
    });

    async function open(options: Partial<LedgerOptions> = {}): Promise<Ledger> {
      const clerk = new StoreClerk(await shelf.open(), () => now);
      const ledger = await Ledger.open({ clerk, now: () => now, onEvent: (event) => events.push(event), ...options });
      ledgers.push(ledger);
      return ledger;
    }

    const accounts = () =>
      store.tables<LedgerTables>().selectFrom('ledger_accounts').selectAll().orderBy('budget').orderBy('span').execute();
    const granted = (answers: readonly (Reservation | Refusal)[]) => answers.filter((answer) => answer.granted) as Reservation[];
    const facts = { usage: USAGE, duration: 900.4 };

    test('1,000 at once of $0.10 on $5: exactly 50', async () => {
      const ledger = await open();
      const book = ledger.configure([makeBudget('company', 5)]);
      const answers = await Promise.all(Array.from({ length: 1_000 }, () => ledger.reserve(book, [0], 10 * CENT, FACTS, PLENTY)));
      expect(granted(answers)).toHaveLength(50);
      expect(new Set(answers.filter((answer) => !answer.granted).map((answer) => (answer as Refusal).kind))).toEqual(
        new Set(['does-not-fit']),
      );
      expect(ledger.status(book, 0)).toBe(2);
      for (const reservation of granted(answers)) ledger.settle(reservation, 10 * CENT, facts);
      await ledger.durable();
      expect(await accounts()).toMatchObject([{ settled: 5 * DOLLAR, reserved: 0 }]);
    });

    test('the same from four ledgers: exactly 50, whatever was drawn ahead elsewhere', async () => {
      const replicas = await Promise.all([1, 2, 3, 4].map(() => open()));
      const books = replicas.map((replica) => replica.configure([makeBudget('company', 5)]));
      await Promise.all(replicas.map((replica) => replica.exchange()));
      const answers = await Promise.all(
        Array.from({ length: 1_000 }, (_, i) => replicas[i % 4].reserve(books[i % 4], [0], 10 * CENT, FACTS, PLENTY)),
      );
      expect(granted(answers)).toHaveLength(50);
      await Promise.all(replicas.map((replica) => replica.durable()));
      const [{ settled, reserved, held, lost }] = await accounts();
      expect({ settled, reserved, lost }).toEqual({ settled: 0, reserved: 5 * DOLLAR, lost: 0 });
      expect(held).toBe(0);
    });

    test('what lies idle elsewhere is recalled before a refusal is final', async () => {
      const [idle, busy] = [await open(), await open()];
      const theirs = idle.configure([makeBudget('company', 10)]);
      const answers = granted(await Promise.all([1, 2, 3].map(() => idle.reserve(theirs, [0], 10 * CENT, FACTS, PLENTY))));
      await idle.exchange();
      for (const reservation of answers) idle.void(reservation);
      await idle.durable();
      expect((await accounts())[0].held).toBeGreaterThan(0);
      const mine = busy.configure([makeBudget('company', 10)]);
      expect(await busy.reserve(mine, [0], 10 * DOLLAR, FACTS, 10_000)).toMatchObject({ granted: true });
      expect(await idle.reserve(theirs, [0], 1, FACTS, 10_000)).toMatchObject({ kind: 'does-not-fit' });
    });

    test('all budgets in scope or none', async () => {
      const ledger = await open();
      const book = ledger.configure([
        makeBudget('company', 10),
        makeBudget('fast', 0.25, { scope: { ...makeBudget('', 0).scope, category: 'FAST' } }),
      ]);
      const answers = [];
      for (let i = 0; i < 4; i++) answers.push(await ledger.reserve(book, [0, 1], 10 * CENT, FACTS, PLENTY));
      expect(answers.map((answer) => answer.granted)).toEqual([true, true, false, false]);
      expect(answers[2]).toMatchObject({ kind: 'does-not-fit', budget: 'fast', retryAfter: 1 });
      await ledger.durable();
      expect((await accounts()).map(({ budget, reserved }) => [budget, reserved])).toEqual([
        ['company', 20 * CENT],
        ['fast', 20 * CENT],
      ]);
    });

    test('a budget that warns only counts', async () => {
      const ledger = await open();
      const book = ledger.configure([makeBudget('watched', 0.1, { hard_limit_action: 'warn' })]);
      const heard: number[] = [];
      ledger.onStatus((_, __, status) => heard.push(status));
      const answer = ledger.tryReserve(book, [0], 30 * CENT, FACTS) as Reservation;
      expect(answer.granted).toBe(true);
      ledger.settle(answer, 8 * CENT, facts);
      expect(heard).toEqual([2, 1]);
      await ledger.durable();
      expect(await accounts()).toMatchObject([{ settled: 8 * CENT, reserved: 0, held: 0 }]);
    });

    test('settling twice counts once; a void counts nothing', async () => {
      const ledger = await open();
      const book = ledger.configure([makeBudget('company', 5)]);
      const [first, second] = granted(await Promise.all([1, 2].map(() => ledger.reserve(book, [0], 10 * CENT, FACTS, PLENTY))));
      expect([ledger.settle(first, 3 * CENT, facts), ledger.settle(first, 9 * CENT, facts), ledger.void(first)]).toEqual([
        true,
        false,
        false,
      ]);
      expect([ledger.void(second), ledger.settle(second, 3 * CENT, facts)]).toEqual([true, false]);
      await ledger.durable();
      expect(await accounts()).toMatchObject([{ settled: 3 * CENT, reserved: 0 }]);
      const entries = await store.tables<LedgerTables>().selectFrom('ledger_entries').selectAll().orderBy('actual').execute();
      expect(entries.map(({ state, actual, bound }) => [state, actual, bound])).toEqual([
        ['void', 0, 10 * CENT],
        ['settled', 3 * CENT, 10 * CENT],
      ]);
      expect(entries[1]).toMatchObject({
        backend: 'cloud',
        model: 'gpt-4o',
        category: 'FAST',
        class: null,
        caller: 'app',
        team: 'search',
        policy: 'f00d',
        prices: 'table 1',
        estimate: FACTS.estimate,
        estimated_input: 100,
        estimated_output: 200,
        input: 100,
        output: 300,
        duration_ms: 900,
      });
      expect(JSON.parse(entries[1].usage!)).toEqual(USAGE);
    });

    test('an estimate that is made while the attempt runs is stored with its end', async () => {
      const ledger = await open();
      const book = ledger.configure([makeBudget('company', 5)]);
      const late = { ...FACTS, estimate: null as number | null, estimatedOutput: null as number | null };
      const [reservation] = granted([await ledger.reserve(book, [0], CENT, late, PLENTY)]);
      await ledger.durable();
      Object.assign(late, { estimate: 7, estimatedOutput: 150 });
      ledger.settle(reservation, CENT, facts);
      await ledger.durable();
      const entries = await store.tables<LedgerTables>().selectFrom('ledger_entries').selectAll().execute();
      expect(entries).toMatchObject([{ state: 'settled', estimate: 7, estimated_input: 100, estimated_output: 150 }]);
      expect(ledger.calibration.rows).toMatchObject([{ model: 'gpt-4o', samples: 1, estimated_output: 150, actual_output: 300 }]);
    });

    test('a charge above its bound is counted as it is, and told', async () => {
      const ledger = await open();
      const book = ledger.configure([makeBudget('company', 5)]);
      const [reservation] = granted([await ledger.reserve(book, [0], CENT, FACTS, PLENTY)]);
      ledger.settle(reservation, 600 * CENT, facts);
      await ledger.durable();
      expect(await accounts()).toMatchObject([{ settled: 600 * CENT, reserved: 0, held: 0 }]);
      expect(events).toContainEqual({ event: 'overcharged', id: reservation.id, model: 'gpt-4o', bound: CENT, actual: 600 * CENT });
      expect(await ledger.reserve(book, [0], 1, FACTS, PLENTY)).toMatchObject({ kind: 'does-not-fit' });
      await ledger.audit();
      expect(events.filter(({ event }) => event === 'drift')).toEqual([]);
    });

    test('what nobody can say costs its bound', async () => {
      const ledger = await open();
      const book = ledger.configure([makeBudget('company', 5)]);
      const reservations = granted(await Promise.all([1, 2].map(() => ledger.reserve(book, [0], CENT, FACTS, PLENTY))));
      ledger.settle(reservations[0], Number.NaN, { usage: null, duration: null });
      ledger.settle(reservations[1], null, { usage: null, duration: null });
      await ledger.durable();
      expect(await accounts()).toMatchObject([{ settled: 2 * CENT }]);
    });

    test('an unknown price passes no limit, and what is above the limit is refused at once', async () => {
      const ledger = await open();
      const book = ledger.configure([makeBudget('company', 5), makeBudget('watched', 5, { hard_limit_action: 'warn' })]);
      expect(ledger.tryReserve(book, [0], Number.NaN, FACTS)).toMatchObject({ kind: 'does-not-fit' });
      expect(ledger.tryReserve(book, [0], 6 * DOLLAR, FACTS)).toMatchObject({ kind: 'does-not-fit' });
      expect(ledger.tryReserve(book, [1], Number.NaN, FACTS).granted).toBe(true);
    });

    test('an attempt settles in the window that reserved it, and the next window begins empty', async () => {
      now = Date.UTC(2026, 10, 30, 23, 59, 59);
      const ledger = await open();
      const book = ledger.configure([makeBudget('company', 1)]);
      const heard: number[] = [];
      ledger.onStatus((_, __, status) => heard.push(status));
      const [old] = granted([await ledger.reserve(book, [0], DOLLAR, FACTS, PLENTY)]);
      expect(ledger.status(book, 0)).toBe(2);
      now += 2_000;
      const [fresh] = granted([await ledger.reserve(book, [0], DOLLAR / 2, FACTS, PLENTY)]);
      ledger.settle(old, DOLLAR, facts);
      ledger.settle(fresh, DOLLAR / 4, facts);
      expect(heard[0]).toBe(2);
      await ledger.durable();
      expect((await accounts()).map(({ span, settled }) => [span, settled])).toEqual([
        ['2026-11', DOLLAR],
        ['2026-12', DOLLAR / 4],
      ]);
    });

    test('a clock that goes back over the edge of a window spends no limit twice', async () => {
      now = Date.UTC(2026, 10, 20, 23, 59, 59);
      const ledger = await open();
      const book = ledger.configure([makeBudget('daily', 1, { period: 'day' })]);
      let spent = 0;
      for (const step of [0, 2_000, -2_000, 2_000, -2_000]) {
        now += step;
        spent += granted(await Promise.all(Array.from({ length: 15 }, () => ledger.reserve(book, [0], 10 * CENT, FACTS, PLENTY)))).length;
      }
      expect(spent).toBe(20);
      await ledger.durable();
      expect((await accounts()).map(({ span, reserved }) => [span, reserved])).toEqual([
        ['2026-11-20', DOLLAR],
        ['2026-11-21', DOLLAR],
      ]);
    });

    test('a lowered limit holds at once, a raised one admits', async () => {
      const ledger = await open();
      const [first] = [ledger.configure([makeBudget('company', 5)])];
      await Promise.all(Array.from({ length: 10 }, () => ledger.reserve(first, [0], 10 * CENT, FACTS, PLENTY)));
      await ledger.exchange();
      await ledger.exchange();
      expect((await accounts())[0].held, 'drawn ahead under the old limit').toBeGreaterThan(0);
      const lower = ledger.configure([makeBudget('company', 1)]);
      expect(ledger.status(lower, 0)).toBe(2);
      expect(ledger.tryReserve(lower, [0], 1, FACTS).granted).toBe(false);
      expect(await ledger.reserve(lower, [0], 1, FACTS, PLENTY)).toMatchObject({ kind: 'does-not-fit' });
      expect(await ledger.reserve(first, [0], 1, FACTS, PLENTY), 'a request of the policy before').toMatchObject({ kind: 'does-not-fit' });
      const raised = ledger.configure([makeBudget('company', 1.1)]);
      const answers = await Promise.all(Array.from({ length: 3 }, () => ledger.reserve(raised, [0], 10 * CENT, FACTS, PLENTY)));
      expect(granted(answers)).toHaveLength(1);
    });

    test('what comes free pays for a lowered limit first', async () => {
      const ledger = await open();
      const before = ledger.configure([makeBudget('company', 5)]);
      const held = granted(await Promise.all(Array.from({ length: 10 }, () => ledger.reserve(before, [0], 10 * CENT, FACTS, PLENTY))));
      await ledger.durable();
      const book = ledger.configure([makeBudget('company', 0.5)]);
      await ledger.exchange();
      ledger.settle(held[0], CENT, facts);
      expect(ledger.tryReserve(book, [0], CENT, FACTS).granted).toBe(false);
      for (const reservation of held.slice(1, 6)) ledger.settle(reservation, 0, facts);
      expect((await ledger.reserve(book, [0], 9 * CENT, FACTS, PLENTY)).granted).toBe(true);
      expect((await ledger.reserve(book, [0], CENT, FACTS, PLENTY)).granted).toBe(false);
    });

    test('a lowered limit holds where others spent what is not known here yet', async () => {
      const [here, there] = [await open(), await open()];
      const [mine, theirs] = [here, there].map((ledger) => ledger.configure([makeBudget('company', 5)]));
      granted([await here.reserve(mine, [0], 10 * CENT, FACTS, PLENTY)]);
      await here.exchange();
      await there.reserve(theirs, [0], DOLLAR, FACTS, PLENTY);
      await there.durable();
      const [lower] = [here, there].map((ledger) => ledger.configure([makeBudget('company', 0.5)]));
      expect(here.tryReserve(lower, [0], CENT, FACTS).granted).toBe(false);
      expect((await here.reserve(lower, [0], CENT, FACTS, PLENTY)).granted).toBe(false);
    });

    test('budgets come and go while reservations are open', async () => {
      const ledger = await open();
      const before = ledger.configure([makeBudget('a', 5), makeBudget('b', 5)]);
      const [reservation] = granted([await ledger.reserve(before, [0, 1], DOLLAR, FACTS, PLENTY)]);
      const after = ledger.configure([makeBudget('c', 5), makeBudget('b', 5)]);
      await ledger.reserve(after, [0, 1], DOLLAR, FACTS, PLENTY);
      ledger.settle(reservation, DOLLAR / 2, facts);
      await ledger.durable();
      await ledger.exchange();
      const found = (await accounts()).map(({ budget, settled, reserved, held }) => ({ budget, settled, reserved, isHeld: held > 0 }));
      expect(found).toMatchObject([
        { budget: 'a', settled: DOLLAR / 2, reserved: 0, isHeld: false },
        { budget: 'b', settled: DOLLAR / 2, reserved: DOLLAR },
        { budget: 'c', settled: 0, reserved: DOLLAR },
      ]);
    });

    test('what nobody closes within its timeout counts at its bound, and a late word corrects it', async () => {
      const ledger = await open({ timeout: 1_000 });
      const other = await open({ timeout: 1_000 });
      const book = ledger.configure([makeBudget('company', 5)]);
      const [mine] = granted([await ledger.reserve(book, [0], DOLLAR, FACTS, PLENTY)]);
      const [theirs] = granted([await other.reserve(other.configure([makeBudget('company', 5)]), [0], DOLLAR, FACTS, PLENTY)]);
      await Promise.all([ledger.durable(), other.durable()]);
      now += 1_001;
      await ledger.audit();
      await ledger.durable();
      expect(await accounts()).toMatchObject([{ settled: 2 * DOLLAR, reserved: 0 }]);
      expect(events).toContainEqual({ event: 'expired', count: 2 });
      expect([ledger.settle(mine, CENT, facts), ledger.settle(mine, 2 * CENT, facts)]).toEqual([true, false]);
      expect(other.settle(theirs, CENT, facts)).toBe(true);
      await ledger.durable();
      await other.durable();
      expect(await accounts()).toMatchObject([{ settled: 2 * CENT, reserved: 0 }]);
      expect((await other.describe())[0]).toMatchObject({ settled: 2 * CENT, reserved: 0 });
      await ledger.audit();
      expect(events.filter(({ event }) => event === 'drift')).toEqual([]);
    });

    test('one that expires and is settled before anybody was told counts once', async () => {
      const ledger = await open({ timeout: 1_000 });
      const book = ledger.configure([makeBudget('company', 5)]);
      const [reservation] = granted([await ledger.reserve(book, [0], DOLLAR, FACTS, PLENTY)]);
      await ledger.durable();
      now += 1_001;
      const auditing = ledger.audit();
      await Promise.resolve();
      ledger.settle(reservation, CENT, facts);
      await auditing;
      await ledger.durable();
      expect(await accounts()).toMatchObject([{ settled: CENT, reserved: 0 }]);
      await ledger.audit();
      expect(events.filter(({ event }) => event === 'drift')).toEqual([]);
    });

    test('the audit sees money that no entry tells of', async () => {
      const ledger = await open();
      const book = ledger.configure([makeBudget('company', 5)]);
      const [reservation] = granted([await ledger.reserve(book, [0], DOLLAR, FACTS, PLENTY)]);
      ledger.settle(reservation, DOLLAR, facts);
      await ledger.durable();
      await ledger.audit();
      expect(events.filter(({ event }) => event === 'drift')).toEqual([]);
      await store.tables<LedgerTables>().updateTable('ledger_accounts').set({ settled: 7 }).execute();
      await ledger.audit();
      expect(events).toContainEqual({
        event: 'drift',
        drift: { budget: 'company', scope: '', span: '2026-11', counter: 'settled', counted: 7, summed: DOLLAR },
      });
    });

    test('entries are folded and pruned, and the sums still hold', async () => {
      const ledger = await open({ retention: 3_600_000 });
      const book = ledger.configure([makeBudget('company', 5)]);
      for (let i = 0; i < 3; i++) {
        const [reservation] = granted([await ledger.reserve(book, [0], 10 * CENT, FACTS, PLENTY)]);
        ledger.settle(reservation, CENT, facts);
        await ledger.durable();
        now += 1_800_000;
        await ledger.audit();
      }
      await ledger.audit();
      expect(events.filter(({ event }) => event === 'drift')).toEqual([]);
      expect(await accounts()).toMatchObject([{ settled: 3 * CENT, folded: 3 * CENT }]);
      const left = await store.tables<LedgerTables>().selectFrom('ledger_entries').select('id').execute();
      expect(left).toHaveLength(2);
      expect(await store.tables<LedgerTables>().selectFrom('ledger_lines').select('entry').execute()).toHaveLength(2);
    });

    test('spend by dimension, today and this month, and across a restart', async () => {
      const first = await open();
      let book = first.configure([makeBudget('company', 5)]);
      const [yesterday] = granted([await first.reserve(book, [0], 10 * CENT, FACTS, PLENTY)]);
      now += 86_400_000;
      const [today] = granted([await first.reserve(book, [0], 10 * CENT, { ...FACTS, category: null, model: 'other' }, PLENTY)]);
      first.settle(yesterday, 2 * CENT, facts);
      first.settle(today, 3 * CENT, facts);
      await first.close();
      const second = await open();
      book = second.configure([makeBudget('company', 5)]);
      const spend = Object.fromEntries((await second.spend()).map((row) => [`${row.dimension} ${row.name}`, row]));
      expect(spend['total ']).toMatchObject({
        today: { settled: 3 * CENT, attempts: 1 },
        month: { settled: 5 * CENT, attempts: 2, output: 600 },
      });
      expect(spend['category FAST']).toMatchObject({ today: { settled: 0, attempts: 0 }, month: { settled: 2 * CENT } });
      expect(spend['budget company'].month.settled).toBe(5 * CENT);
      expect(Object.keys(spend).sort()).toEqual(
        ['total ', 'budget company', 'category FAST', 'backend cloud', 'model gpt-4o', 'model other', 'caller app', 'team search'].sort(),
      );
    });

    test('a clean end gives everything back; the next start finds status, headroom and calibration', async () => {
      const first = await open();
      const book = first.configure([makeBudget('company', 1)]);
      const [reservation] = granted([await first.reserve(book, [0], 90 * CENT, FACTS, PLENTY)]);
      first.settle(reservation, 80 * CENT, facts);
      await first.close();
      expect(await accounts()).toMatchObject([{ settled: 80 * CENT, reserved: 0, held: 0, lost: 0 }]);
      const second = await open();
      const heard: number[] = [];
      second.onStatus((_, __, status) => heard.push(status));
      second.configure([makeBudget('company', 1)]);
      await second.exchange();
      expect(heard).toEqual([1]);
      const [view] = await second.describe();
      expect(view).toMatchObject({
        name: 'company',
        window: '2026-11',
        settled: 80 * CENT,
        reserved: 0,
        headroom: 20 * CENT,
        status: 'SoftLimit',
      });
      expect(view.forecast.burnRate).toBeGreaterThan(0);
      expect(second.calibration.output('gpt-4o')).toBeGreaterThan(1);
    });

    test('a process that ends without a word: its slices count as spent, its entries at their bounds', async () => {
      // Its clerk is never closed: that is what a crash leaves behind.
      const clerk = new StoreClerk(await shelf.open(), () => now);
      const never = (): (() => void) => () => {};
      const crashed = await Ledger.open({ clerk, now: () => now, after: never, timeout: 1_000 });
      const book = crashed.configure([makeBudget('company', 6.4)]);
      const reserving = crashed.reserve(book, [0], 3 * CENT, FACTS, PLENTY);
      await crashed.exchange();
      expect((await reserving).granted).toBe(true);
      await crashed.exchange(); // tells of it, and draws ahead
      expect(crashed.tryReserve(book, [0], 2 * CENT, FACTS).granted).toBe(true); // nobody hears of it
      const [{ held }] = await accounts();
      expect(held).toBeGreaterThan(2 * CENT);
      const ledger = await open();
      now += 120_000;
      await ledger.audit();
      expect(await accounts()).toMatchObject([{ settled: 3 * CENT, reserved: 0, held: 0, lost: held }]);
      // It was not dead, only away: what it tells now is taken out of what was given up.
      await crashed.exchange();
      expect(await accounts()).toMatchObject([{ settled: 3 * CENT, reserved: 2 * CENT, lost: held - 2 * CENT }]);
      await ledger.audit();
      expect(events.filter(({ event }) => event === 'drift')).toEqual([]);
      await crashed.close();
    });
  });
}
