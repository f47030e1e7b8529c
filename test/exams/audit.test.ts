import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../runtime/orchestrator/audit.ts';
import { StoreAuditBook } from '../../runtime/orchestrator/audit/store-audit-book.ts';
import type { Store } from '../../runtime/store/store.ts';
import { Redactor } from '../../runtime/telemetry/redact.ts';
import { type Shelf, SHELVES } from './store/stores.ts';

const MINUTE = 60_000;
const START = 1_800_000_000_000 - (1_800_000_000_000 % MINUTE);
const log = pino({ level: 'silent' });

const entry = (more: Partial<AuditEntry> = {}): AuditEntry => ({
  caller: 'app',
  action: 'POST /schedule',
  subject: null,
  outcome: 'refused',
  status: 429,
  code: 'rate_limit_exceeded',
  detail: 'too often',
  request: 'r',
  trace: null,
  ...more,
});

/** A book with a clock that stands, over a store that can be taken away. */
function open(store: Store, most = 1_000_000) {
  const world = { now: START, away: false, dropped: 0 };
  const faulty: Store = {
    ...store,
    kind: store.kind,
    where: store.where,
    tables: () => store.tables(),
    write: (work) => (world.away ? Promise.reject(new Error('away')) : store.write(work)),
  };
  const book = new StoreAuditBook({
    store: faulty,
    redactor: new Redactor(),
    log,
    retention: 10 * MINUTE,
    most,
    onDrop: () => world.dropped++,
    now: () => world.now,
  });
  return { book, world };
}

describe.each(Object.entries(SHELVES))('%s', (_name, make) => {
  let shelf: Shelf | null = null;
  let opened: Store | null = null;
  afterEach(async () => {
    await opened?.close();
    await shelf?.remove();
    shelf = opened = null;
  });
  const start = async (): Promise<Store> => {
    shelf = await make!();
    return (opened = await shelf.open());
  };

  test.skipIf(make === null)('nothing is lost and no flood is stored: counts add up, a refusal has one row a minute', async () => {
    const store = await start();
    const added: { entry: AuditEntry; minute: number }[] = [];
    const { book, world } = open(store);
    const anyEntry = fc.record({
      caller: fc.constantFrom('a', null),
      action: fc.constantFrom('x'),
      outcome: fc.constantFrom('refused' as const, 'failed' as const),
    });
    const anyStep = fc.oneof({ weight: 6, arbitrary: anyEntry }, fc.integer({ min: 1, max: 40_000 }), fc.constant('flush' as const));
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 20, maxLength: 60 }), async (steps) => {
        for (const step of steps) {
          if (step === 'flush') await book.flush();
          else if (typeof step === 'number') world.now += step;
          else {
            book.add(entry(step));
            added.push({ entry: entry(step), minute: Math.floor(world.now / MINUTE) });
          }
        }
        const rows = await book.read({ since: START }, 1_000_000);
        expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(added.length);
        const refused = rows.filter(({ outcome }) => outcome === 'refused');
        const kinds = new Set(refused.map(({ caller, action, at }) => `${caller} ${action} ${Math.floor(at / MINUTE)}`));
        expect(kinds.size).toBe(refused.length);
        for (const { at, until } of rows) expect(Math.floor(at / MINUTE)).toBe(Math.floor(until / MINUTE));
      }),
      { numRuns: 8 },
    );
    await book.close();
  });

  test.skipIf(make === null)('what is too old goes, and the oldest of what is too much', async () => {
    const store = await start();
    const { book, world } = open(store, 5);
    for (let minute = 0; minute < 9; minute++) {
      book.add(entry({ request: `r${minute}` }));
      world.now += MINUTE;
    }
    await book.flush();
    await book.prune();
    expect((await book.read({}, 100)).map(({ request }) => request)).toEqual(['r8', 'r7', 'r6', 'r5', 'r4']);
    world.now += 8 * MINUTE;
    await book.prune();
    expect((await book.read({}, 100)).map(({ request }) => request)).toEqual(['r8', 'r7']);
    await book.close();
  });

  test.skipIf(make === null)('a store that is away loses nothing up to 10,000 rows, and drops beyond are counted', async () => {
    const store = await start();
    const { book, world } = open(store);
    world.away = true;
    for (let count = 0; count < 10_050; count++) book.add(entry({ outcome: 'done', action: `a${count % 20}`, request: `r${count}` }));
    await book.flush();
    expect(world.dropped).toBe(50);
    world.away = false;
    expect(await book.read({}, 100_000)).toHaveLength(10_000);
    await book.close();
  });

  test.skipIf(make === null)('each filter finds what it names, and nothing else', async () => {
    const store = await start();
    const { book, world } = open(store);
    const kinds: Partial<AuditEntry>[] = [
      { caller: 'one' },
      { action: 'two' },
      { subject: 'three', code: 'sub' },
      { outcome: 'done', status: 200, code: null },
      { status: 409 },
      { code: 'six' },
      { request: 'seven', code: 'req' },
      { trace: 'eight', code: 'tra' },
    ];
    for (const kind of kinds) {
      book.add(entry(kind));
      world.now += 1_000;
    }
    for (const [index, kind] of kinds.entries()) {
      const [name, value] = Object.entries(kind)[0];
      const found = await book.read({ [name]: value }, 100);
      expect(found, name).toHaveLength(1);
      expect(found[0].at).toBe(START + index * 1_000);
    }
    expect(await book.read({ since: START + 2_000, until: START + 4_000 }, 100)).toHaveLength(3);
    await book.close();
  });
});
