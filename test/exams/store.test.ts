import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../runtime/store/migrate.ts';
import { readMigrations } from '../../runtime/store/read-migrations.ts';
import type { Store } from '../../runtime/store/store.ts';
import { SHELVES, type Shelf } from './store/stores.ts';

/** The exam that every store passes. */
interface Tables {
  things: { name: string; amount: number };
}

const THINGS = 'create table things (name text primary key, amount bigint not null)';

for (const [kind, make] of Object.entries(SHELVES)) {
  describe.skipIf(make === null)(make === null ? `${kind} (not run: no PostgreSQL)` : kind, () => {
    let shelf: Shelf;
    let store: Store;
    beforeEach(async () => {
      shelf = await make!();
      store = await shelf.open();
    });
    afterEach(async () => {
      await store.close();
      await shelf.remove();
    });

    /** Adds a migration of the exam behind those of this version. */
    async function addThings(id = '9000-things', statement = THINGS): Promise<void> {
      const statements = { sqlite: [statement], postgres: [statement] };
      await migrate(store, [...(await readMigrations()), { id, statements }]);
    }

    test('migrates once, whatever the number that opens it at once', async () => {
      const others = await Promise.all([1, 2, 3].map(() => shelf.open()));
      const rows = await store.tables<{ policyc_migrations: { id: string } }>().selectFrom('policyc_migrations').select('id').execute();
      expect(rows.map(({ id }) => id).sort()).toEqual((await readMigrations()).map(({ id }) => id));
      await Promise.all(others.map((other) => other.close()));
    });

    test('refuses what a newer version wrote, what changed, and what comes late', async () => {
      await addThings();
      await expect(shelf.open()).rejects.toThrow(/holds `9000-things`, which this version does not know \[newer-schema\] help: /);
      await expect(addThings('9000-things', `${THINGS} `)).rejects.toThrow(
        /another `9000-things` than this version has \[changed-migration\]/,
      );
      const statements = { sqlite: [], postgres: [] };
      const known = [...(await readMigrations()), { id: '9000-things', statements: { sqlite: [THINGS], postgres: [THINGS] } }];
      await expect(migrate(store, [...known, { id: '8999-late', statements }])).rejects.toThrow(/`8999-late` comes before `9000-things`/);
    });

    test('a migration that fails changes nothing', async () => {
      const bad = { id: '9001-bad', statements: { sqlite: [THINGS, 'nonsense'], postgres: [THINGS, 'nonsense'] } };
      await expect(migrate(store, [...(await readMigrations()), bad])).rejects.toThrow(/`9001-bad` failed: .*\[migration\]/);
      await addThings();
      expect(await store.tables<Tables>().selectFrom('things').selectAll().execute()).toEqual([]);
    });

    test('whole numbers come back as numbers, as far as a number is exact', async () => {
      await addThings();
      const rows = [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 0].map((amount, i) => ({ name: `${i}`, amount }));
      await store.write<Tables, unknown>((transaction) => transaction.insertInto('things').values(rows).execute());
      expect(await store.tables<Tables>().selectFrom('things').selectAll().orderBy('name').execute()).toEqual(rows);
    });

    test('a transaction that throws leaves nothing', async () => {
      await addThings();
      const failing = store.write<Tables, void>(async (transaction) => {
        await transaction.insertInto('things').values({ name: 'a', amount: 1 }).execute();
        throw new Error('changed my mind');
      });
      await expect(failing).rejects.toThrow('changed my mind');
      expect(await store.tables<Tables>().selectFrom('things').selectAll().execute()).toEqual([]);
    });

    test('writers that read first lose no update', async () => {
      await addThings();
      await store.write<Tables, unknown>((transaction) => transaction.insertInto('things').values({ name: 'a', amount: 0 }).execute());
      const statements = { sqlite: [THINGS], postgres: [THINGS] };
      const other = await shelf.open([{ id: '9000-things', statements }]);
      const count = async (_: unknown, i: number): Promise<void> => {
        await (i % 2 === 0 ? store : other).write<Tables, void>(async (transaction) => {
          const query = transaction.selectFrom('things').select('amount').where('name', '=', 'a');
          const { amount } = await (store.kind === 'postgres' ? query.forUpdate() : query).executeTakeFirstOrThrow();
          await transaction
            .updateTable('things')
            .set({ amount: amount + 1 })
            .where('name', '=', 'a')
            .execute();
        });
      };
      await Promise.all(Array.from({ length: 20 }, count));
      expect(await store.tables<Tables>().selectFrom('things').select('amount').execute()).toEqual([{ amount: 20 }]);
      await other.close();
    });

    test('who subscribes hears what is published, until the end of it', async () => {
      const heard: string[] = [];
      const end = await store.subscribe('exam', (message) => heard.push(message));
      await store.publish('exam', 'first');
      await expect.poll(() => heard).toEqual(['first']);
      await end();
      await store.publish('exam', 'second');
      expect(heard).toEqual(['first']);
    });

    test('closing twice is closing once', async () => {
      await Promise.all([store.close(), store.close()]);
    });
  });
}
