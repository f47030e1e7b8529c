import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LedgerTables } from '../../runtime/ledger/tables.ts';
import { openStore } from '../../runtime/store/open-store.ts';
import { HAS_POSTGRES, POSTGRES_URL } from '../exams/store/stores.ts';
import { Upstream } from '../upstreams/upstream.ts';
import { compileText, Policyd, until, writeArtifact } from './policyd.ts';

/** Money over several real policyds, killed ones, and a store that goes away. */

let cloud: Upstream;
let home: string;
beforeAll(async () => {
  cloud = await Upstream.start({ models: ['m'] });
  home = mkdtempSync(join(tmpdir(), 'policyd-money-'));
});
afterAll(async () => {
  await cloud.stop();
  rmSync(home, { recursive: true, force: true });
});

/** A call costs at most $0.10, and does cost $0.007. */
const policy = (limit: number): string => `
backends:
  cloud: { type: openai, url: "${cloud.url}", api_key_env: CLOUD_KEY, models: { m: { price: { input: 0, output: 1000 } } } }
budgets: { all: { limit_usd: ${limit}, hard_limit_action: block_all } }
`;
const ASK = { max_tokens: 100 };
const KEY = { CLOUD_KEY: 'sk-test' };

interface Books {
  readonly ledger: string;
  readonly budgets: readonly { readonly settled_usd: number; readonly reserved_usd: number; readonly headroom_usd: number }[];
  readonly spend: readonly unknown[] | null;
}

let rounds = 0;
async function place(limit: number): Promise<{ at: string; folder: string }> {
  const at = join(home, `round-${rounds++}`);
  const folder = join(at, 'generated');
  writeArtifact(folder, await compileText(policy(limit)));
  return { at, folder };
}

test('killed under load, five times: no answer is without its entry or its slice, and the limit holds', async () => {
  const { at, folder } = await place(20);
  let answered = 0;
  for (let round = 0; round < 5; round++) {
    const policyd = await Policyd.run(at, folder, { env: KEY, args: ['--log-level', 'silent'] });
    const before = answered;
    let isOver = false;
    const caller = async (): Promise<void> => {
      while (!isOver) {
        try {
          const answer = await policyd.chat('m', ASK);
          const text = await answer.text();
          if (answer.status === 200 && text.includes('"usage"')) answered++;
        } catch {
          return;
        }
      }
    };
    const callers = Array.from({ length: 16 }, caller);
    await until(() => answered > before + 40 + 30 * round, 'answers');
    const ended = new Promise((resolve) => policyd.process.once('exit', resolve));
    policyd.process.kill('SIGKILL');
    await ended;
    isOver = true;
    await Promise.all(callers);
    const store = await openStore({ kind: 'sqlite', file: join(at, 'data', 'policyd.sqlite') }, true);
    const [account] = await store.tables<LedgerTables>().selectFrom('ledger_accounts').selectAll().execute();
    await store.close();
    const { settled, reserved, held, lost } = account;
    const counted = settled + reserved + held + lost;
    expect(counted).toBeLessThanOrEqual(20e9);
    // Each answer cost seven tokens: what is not written down as such is still in a slice.
    expect(counted).toBeGreaterThanOrEqual(answered * 7e6);
  }
  const policyd = await Policyd.run(at, folder, { env: KEY });
  const { budgets } = await policyd.get<Books>('/v1/budgets');
  expect(budgets[0].headroom_usd).toBeLessThanOrEqual(20 - answered * 0.007);
  expect((await policyd.chat('m', ASK)).status).toBe(200);
  await policyd.stop();
}, 120_000);

test('a swap with calls open: what they hold counts in the new budget, and a lowered limit holds at once', async () => {
  const { at, folder } = await place(1);
  const policyd = await Policyd.run(at, folder, { env: KEY });
  cloud.delay = 2_500;
  const open = Array.from({ length: 3 }, () => policyd.chat('m', ASK));
  await until(async () => (await policyd.get<Books>('/v1/budgets')).budgets[0].reserved_usd > 0.29, 'three calls to be open');
  await policyd.rewrite(policy(0.45));
  await until(async () => (await policyd.get<Books>('/v1/budgets')).budgets[0].headroom_usd < 0.2, 'the lowered limit');
  const later = await Promise.all([1, 2].map(() => policyd.chat('m', ASK)));
  cloud.delay = 0;
  expect(later.map(({ status }) => status).sort()).toEqual([200, 503]);
  expect((await Promise.all(open)).map(({ status }) => status)).toEqual([200, 200, 200]);
  await expect
    .poll(async () => (await policyd.get<Books>('/v1/budgets')).budgets[0])
    .toMatchObject({ settled_usd: 0.028, reserved_usd: 0 });
  expect(await policyd.stop()).toBe(0);
  const store = await openStore({ kind: 'sqlite', file: join(at, 'data', 'policyd.sqlite') }, true);
  const accounts = await store.tables<LedgerTables>().selectFrom('ledger_accounts').selectAll().execute();
  await store.close();
  expect(accounts).toMatchObject([{ settled: 28e6, reserved: 0, held: 0, lost: 0 }]);
}, 30_000);

/** A way to PostgreSQL that can be cut. */
class Wire {
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  isCut = false;

  constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((near) => {
      if (this.isCut) {
        near.destroy();
        return;
      }
      const far = connect(Number(this.#target.port || 5432), this.#target.hostname);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => other.destroy());
        socket.pipe(other);
      }
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as { port: number }).port);
    return url.href;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

describe.skipIf(!HAS_POSTGRES)(HAS_POSTGRES ? 'PostgreSQL' : 'PostgreSQL (not run: none answers)', () => {
  const name = `money_${process.pid}_${Date.now().toString(36)}`;
  const url = new URL(POSTGRES_URL);
  url.pathname = `/${name}`;
  const command = async (text: string): Promise<void> => {
    const client = new pg.Client({ connectionString: POSTGRES_URL });
    await client.connect();
    await client.query(text);
    await client.end();
  };
  beforeAll(() => command(`create database ${name}`));
  afterAll(() => command(`drop database if exists ${name} with (force)`));

  test('1,000 requests of at most $0.10 each on $5, in four policyds: exactly 50 pass', async () => {
    const { at, folder } = await place(5);
    const env = { ...KEY, DATABASE_URL: url.href };
    const policyds = await Promise.all([1, 2, 3, 4].map(() => Policyd.run(at, folder, { env, args: ['--log-level', 'error'] })));
    cloud.delay = 15_000;
    const before = cloud.calls.length;
    // Money that another process holds is asked back; who is told to come again a second later does so.
    const ask = async (policyd: Policyd): Promise<number> => {
      for (const until = Date.now() + 6_000; ; ) {
        const answer = await policyd.chat('m', ASK);
        await answer.arrayBuffer();
        if (answer.status === 200 || Date.now() > until) return answer.status;
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    };
    const statuses = await Promise.all(Array.from({ length: 1_000 }, (_, at) => ask(policyds[at % 4])));
    cloud.delay = 0;
    expect(statuses.filter((status) => status === 200)).toHaveLength(50);
    expect(cloud.calls.length - before).toBe(50);
    await expect
      .poll(async () => (await policyds[0].get<Books>('/v1/budgets')).budgets[0], { timeout: 10_000 })
      .toMatchObject({ settled_usd: 0.35, reserved_usd: 0 });
    expect(await Promise.all(policyds.map((policyd) => policyd.stop()))).toEqual([0, 0, 0, 0]);
  }, 120_000);

  test('the store goes away: what was drawn is spent, then nothing passes that costs; it comes back, and so do calls', async () => {
    await command(`drop database if exists ${name}_wire with (force)`);
    await command(`create database ${name}_wire`);
    const target = new URL(url);
    target.pathname = `/${name}_wire`;
    const wire = new Wire(target.href);
    const { at, folder } = await place(20);
    const policyd = await Policyd.run(at, folder, { env: { ...KEY, DATABASE_URL: await wire.open() } });
    const health = async () => (await policyd.get<{ ledger: string }>('/health')).ledger;
    let warm = 0;
    await until(async () => {
      if ((await policyd.chat('m', ASK)).status === 200) warm++;
      return warm === 20;
    }, 'slices to be drawn');
    expect(await health()).toBe('up');
    wire.cut();
    let passed = 0;
    const refused = await until(
      async () => {
        const answer = await policyd.chat('m', ASK);
        if (answer.status === 200) passed++;
        return answer.status === 200 ? null : answer;
      },
      'calls to be refused',
      20_000,
    );
    // No more than what was drawn ahead: a sixteenth of the limit, at the most.
    expect([refused.status, passed * 0.007 <= 20 / 16], `${passed}`).toEqual([503, true]);
    const { rejection_reasons } = (await refused.json()) as { rejection_reasons: { reconciler: string; reason: string }[] };
    expect(rejection_reasons[0]).toMatchObject({
      reconciler: 'BudgetReconciler',
      reason: expect.stringContaining("the store can't be reached"),
    });
    expect(await health()).toBe('cut off');
    const { ledger, budgets, spend } = await policyd.get<Books>('/v1/budgets');
    expect([ledger, budgets.length, spend]).toEqual(['cut off', 1, null]);
    expect((await fetch(`${policyd.url}/metrics`)).status).toBe(200);
    wire.isCut = false;
    await until(async () => (await policyd.chat('m', ASK)).status === 200, 'calls to pass again', 20_000);
    expect(await health()).toBe('up');
    expect(await policyd.stop()).toBe(0);
    wire.close();
    await command(`drop database if exists ${name}_wire with (force)`);
  }, 90_000);
});
