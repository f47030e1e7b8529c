import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreClerk } from '../../runtime/ledger/store-clerk.ts';
import type { LedgerTables } from '../../runtime/ledger/tables.ts';
import type { Store } from '../../runtime/store/store.ts';
import { DOLLAR, makeBudget } from './ledger/budgets.ts';
import type { ReplicaJob } from './ledger/replica.ts';
import { ReplicaProcess } from './ledger/replica-process.ts';
import { SHELVES, type Shelf } from './store/stores.ts';

/** What holds over real processes: several at once, and killed ones. */
const ROUNDS = Number(process.env.LEDGER_KILLS ?? 20);
const HAS_STRACE = spawnSync('strace', ['-f', '--seccomp-bpf', '-e', 'trace=fsync', 'true']).status === 0;

for (const kind of ['sqlite', 'postgres'] as const) {
  const make = SHELVES[kind];
  describe.skipIf(make === null)(make === null ? `${kind} (not run: no PostgreSQL)` : kind, () => {
    let shelf: Shelf;
    let store: Store;
    const running: ReplicaProcess[] = [];
    beforeEach(async () => {
      shelf = await make!();
      store = await shelf.open();
    });
    afterEach(async () => {
      await Promise.all(running.splice(0).map((process) => process.kill()));
      await store.close();
      await shelf.remove();
    });

    function start(job: Partial<ReplicaJob>): ReplicaProcess {
      const process = new ReplicaProcess({
        location: shelf.location!,
        budgets: [makeBudget('company', 5)],
        kind: 'race',
        count: 250,
        lanes: 20,
        bound: DOLLAR / 10,
        within: 15_000,
        ...job,
      });
      running.push(process);
      return process;
    }

    const readAccounts = () => store.tables<LedgerTables>().selectFrom('ledger_accounts').selectAll().execute();

    test('1,000 at once of $0.10 on $5 in four processes: exactly 50', async () => {
      const processes = [1, 2, 3, 4].map(() => start({ kind: 'race' }));
      await Promise.all(processes.map((process) => process.hear('ready')));
      for (const process of processes) process.tell('go');
      await Promise.all(processes.map((process) => process.hear('done')));
      expect(processes.flatMap((process) => process.said('granted'))).toHaveLength(50);
      expect(new Set(processes.flatMap((process) => process.said('refused')).map(([, why]) => why))).toEqual(new Set(['does-not-fit']));
      await Promise.all(processes.map((process) => process.end()));
      expect(await readAccounts()).toMatchObject([{ settled: 0, reserved: 5 * DOLLAR, held: 0, lost: 0 }]);
    }, 60_000);

    test(`killed ${ROUNDS} times: nothing told durable is lost, nothing counts twice, the limit holds`, async () => {
      const budgets = [makeBudget('company', 40), makeBudget('watched', 1, { hard_limit_action: 'warn' })];
      const clerk = new StoreClerk(await shelf.open(), () => later);
      let later = Date.now();
      const said: ReplicaProcess[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        // Every third time two at once.
        const processes = Array.from({ length: round % 3 === 2 ? 2 : 1 }, () => start({ kind: 'spend', budgets, within: 500 }));
        await Promise.all(processes.map((process) => process.hear('ready')));
        await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 250));
        await Promise.all(running.splice(0).map((process) => process.kill()));
        said.push(...processes);
        later = Date.now();
        const report = await clerk.audit({ holder: 'auditor', retention: 1e12 });
        expect(report.drifts).toEqual([]);
        const [company] = (await readAccounts()).filter(({ budget }) => budget === 'company');
        expect(company.settled + company.reserved + company.held + company.lost).toBeLessThanOrEqual(40 * DOLLAR);
      }

      const granted = new Map(said.flatMap((process) => process.said('granted').map(([, id, bound]) => [id, Number(bound)])));
      const ends = new Map<string, number>();
      for (const [, id, actual] of said.flatMap((process) => process.said('settled'))) ends.set(id, Number(actual));
      for (const [, id] of said.flatMap((process) => process.said('void'))) ends.set(id, 0);
      const durable = said.flatMap((process) => process.said('durable').map(([, id]) => id));
      expect(durable.length).toBeGreaterThan(ROUNDS);
      const entries = new Map(
        (await store.tables<LedgerTables>().selectFrom('ledger_entries').selectAll().execute()).map((row) => [row.id, row]),
      );
      expect(durable.filter((id) => entries.get(id)?.actual !== ends.get(id))).toEqual([]);

      // What a provider may have charged at most, as the processes themselves said it.
      const truth = [...granted].reduce((sum, [id, bound]) => sum + (ends.get(id) ?? bound), 0);
      expect(truth).toBeGreaterThan(DOLLAR);
      expect(truth).toBeLessThanOrEqual(40 * DOLLAR);

      // After all timeouts nothing is set aside any more, and what is gone covers the truth.
      later = Date.now() + 3_600_000;
      for (let i = 0; i < 5; i++) expect((await clerk.audit({ holder: 'auditor', retention: 1e12 })).drifts).toEqual([]);
      const rows = await readAccounts();
      for (const row of rows) expect(row).toMatchObject({ reserved: 0, held: 0 });
      const company = rows.find(({ budget }) => budget === 'company')!;
      expect(company.settled + company.lost).toBeGreaterThanOrEqual(truth);
      expect(company.settled + company.lost).toBeLessThanOrEqual(40 * DOLLAR);
      const sums = [...entries.values()].reduce((sum, { state, actual, bound }) => sum + (state === 'reserved' ? bound : actual!), 0);
      expect(company.settled).toBe(sums);
      await clerk.close('auditor');
    }, 120_000);
  });
}

describe.skipIf(!HAS_STRACE)(HAS_STRACE ? 'the disk' : 'the disk (not run: no strace)', () => {
  test('every batch on SQLite is an fsync at least', async () => {
    const shelf = await SHELVES.sqlite!();
    const folder = mkdtempSync(join(tmpdir(), 'policyd-strace-'));
    const trace = join(folder, 'trace');
    try {
      const job = {
        location: shelf.location!,
        budgets: [makeBudget('company', 40)],
        kind: 'spend',
        count: 0,
        lanes: 4,
        bound: DOLLAR / 100,
        within: 500,
      } as const;
      const replica = new ReplicaProcess(job, ['strace', '-f', '--seccomp-bpf', '-qq', '-e', 'trace=fsync,fdatasync', '-o', trace]);
      await replica.hear('ready');
      const count = (): number => readFileSync(trace, 'utf8').match(/f(?:data)?sync\(/g)?.length ?? 0;
      const before = { syncs: count(), batches: replica.said('batch').length };
      await expect.poll(() => replica.said('batch').length, { timeout: 15_000 }).toBeGreaterThan(before.batches + 30);
      const batches = replica.said('batch').length - before.batches;
      expect(count() - before.syncs).toBeGreaterThanOrEqual(batches);
      await replica.kill();
    } finally {
      await shelf.remove();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
