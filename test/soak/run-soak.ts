import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { openStore } from '../../runtime/store/open-store.ts';
import { createRandom } from '../chaos/random.ts';
import { MEASURABLE } from '../e2e/measure-heap.ts';
import { compileText, Policyd, writeArtifact } from '../e2e/policyd.ts';
import { poolOf } from '../e2e/pool/api.ts';
import { ask, type Ending } from './ask.ts';
import { type Counts, HANDLERS, type Pace, readHash, schedule, storm, submit, swap } from './bystanders.ts';
import { SoakUpstream } from './soak-upstream.ts';
import { type Watched, watchDashboard } from './watch-dashboard.ts';
import { type Held, WatchedProcess } from './watched-process.ts';
import { COST, keyOf, MODELS, type Team, writePolicy } from './write-policy.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly requests: number;
  readonly seed: number;
  /** Called now and then with what is so far. */
  readonly onProgress?: (progress: { readonly ms: number; readonly requests: number; readonly wrong: number; readonly held: Held }) => void;
}

/** Billionths of a dollar. */
export interface Account {
  readonly budget: string;
  readonly settled: number;
  readonly reserved: number;
  readonly held: number;
  readonly lost: number;
}

export interface SoakReport {
  readonly asked: number;
  readonly requests: number;
  readonly ms: number;
  readonly ends: ReadonlyMap<string, number>;
  readonly wrong: readonly string[];
  /** Before the first, at intervals, and after everything went quiet. */
  readonly held: readonly Held[];
  readonly before: Held;
  readonly after: Held;
  readonly counts: Counts;
  readonly faults: number;
  /** Times that a caller was told to come again since its money was not set aside in time. */
  readonly again: number;
  readonly watched: readonly Watched[];
  /** What whole answers of paid backends cost, as their callers saw them, by team; billionths of a dollar. */
  readonly told: Readonly<Record<Team, number>>;
  /** Requests whose cost their callers do not know. */
  readonly unknown: number;
  /** As the server tells it once nothing is open, in dollars. */
  readonly books: readonly { readonly name: string; readonly settled_usd: number; readonly reserved_usd: number }[];
  /** Dollars that the metric says were settled by what answers told; calls that told nothing are settled by their bound and are not in it. */
  readonly metric: number;
  /** As the disk has them after the end. */
  readonly accounts: readonly Account[];
  readonly openEntries: number;
  readonly leftOver: string;
  readonly lastSwapServes: boolean;
  readonly exitCode: number | null;
}

/** Requests at once. */
const CALLERS = 96;
const WATCHERS = 3;
/** Requests before anything is measured: code is compiled, connections and maps are there. */
const WARM = 1_500;
/** How much longer than asked for a run may take on a machine that is too slow. */
const LONGER = 4;

/** A real policyd under every kind of request, with servers that fail, swaps, tasks, workloads and people who watch. */
export async function runSoak({ minutes, requests, seed, onProgress }: SoakOptions): Promise<SoakReport> {
  const random = createRandom(seed);
  const steady = await SoakUpstream.start(MODELS, random);
  const shaky = await SoakUpstream.start(MODELS, random);
  const sides = [await compileText(writePolicy(steady.url, shaky.url, 0)), await compileText(writePolicy(steady.url, shaky.url, 1))];
  const hashes = new Set(sides.map((files) => (JSON.parse(files.get('manifest.json')!) as { hash: string }).hash));
  const home = mkdtempSync(join(tmpdir(), 'policyd-soak-'));
  const folder = join(home, 'generated');
  writeArtifact(folder, sides[0]!);
  const policyd = await Policyd.run(home, folder, {
    args: ['--log-level', 'error', '--watch-window', '0', '--pool-handlers', HANDLERS, '--pool-key-env', 'SOAK_POOL_KEY'],
    env: { ...MEASURABLE, SOAK_KEY: 'sk-soak', SOAK_POOL_KEY: keyOf('ops') },
  });
  const watchedProcess = await WatchedProcess.open(policyd);
  const ends = new Map<string, number>();
  const wrong: string[] = [];
  const told: Record<Team, number> = { patient: 0, restless: 0, tight: 0 };
  let unknown = 0;
  let again = 0;
  const onAgain = (): void => void again++;
  let sent = 0;
  let done = 0;
  let wrongs = 0;
  const note = ({ kind, team, word, isPaid }: Ending): void => {
    const name = `${kind}: ${word.slice(0, 40)}`;
    ends.set(name, (ends.get(name) ?? 0) + 1);
    if (word.startsWith('WRONG')) {
      wrongs++;
      if (wrong.length < 20) wrong.push(word);
    }
    if (team !== null && isPaid) told[team] += COST;
    else if (team === 'restless') unknown++;
    done++;
  };
  /** Asks until `upTo` were sent, evenly over `ms`, or until the machine is far behind. */
  const load = async (upTo: number, ms: number): Promise<void> => {
    const pool = new Pool(policyd.url, { connections: CALLERS });
    const begun = performance.now();
    const first = sent;
    const caller = async (): Promise<void> => {
      while (sent < upTo && performance.now() - begun < ms * LONGER + 60_000) {
        const number = sent++;
        const early = begun + ((number - first) / (upTo - first)) * ms - performance.now();
        if (early > 1) await sleep(early);
        note(await ask(pool, number, random, hashes, onAgain));
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    await pool.destroy();
  };
  /** What is still open after a minute at most; empty = nothing. */
  const quiet = async (): Promise<string> => {
    for (const end = Date.now() + 60_000; ; await sleep(250)) {
      const leftOver = await findLeftOver(policyd);
      if (leftOver === '' || Date.now() > end) return leftOver;
    }
  };

  const counts: Counts = { swaps: 0, storms: 0, tasks: [], jobs: [], problems: [] };
  const held: Held[] = [];
  const ms = minutes * 60_000;
  const short = ms < 120_000;
  const pace: Pace = short
    ? { swap: 1_500, storm: 4_000, task: 250, job: 4_000 }
    : { swap: 5_000, storm: 15_000, task: 1_000, job: 20_000 };
  try {
    await poolOf(policyd, { authorization: `Bearer ${keyOf('ops')}` }).initialize(2);
    await load(Math.min(WARM, requests / 4), 0);
    await quiet();
    const before = await settle(watchedProcess, sent, 0);
    const begun = performance.now();
    const stop = new AbortController();
    const leave = new AbortController();
    const watchers = Array.from({ length: WATCHERS }, () => watchDashboard(policyd, leave.signal));
    shaky.share = 0.15;
    const sample = async (): Promise<void> => {
      for (const gap = Math.max(4_000, ms / 40); !stop.signal.aborted; ) {
        const now = await watchedProcess.look(performance.now() - begun, done);
        held.push(now);
        onProgress?.({ ms: now.at, requests: done, wrong: wrongs, held: now });
        await sleep(gap, undefined, { signal: stop.signal }).catch(() => {});
      }
    };
    const beside = [
      swap(policyd, sides, counts, pace, stop.signal),
      storm(shaky, counts, pace, stop.signal),
      submit(policyd, counts, pace, stop.signal),
      schedule(policyd, counts, pace, stop.signal),
      sample(),
    ];
    await load(requests, ms);
    const took = performance.now() - begun;
    stop.abort();
    leave.abort();
    await Promise.all(beside);
    const watched = await Promise.all(watchers);
    shaky.share = 0;
    shaky.storm = null;
    const leftOver = await quiet();
    const after = await settle(watchedProcess, done, took, before);
    watchedProcess.close();
    const { budgets: books } = await policyd.get<{ budgets: SoakReport['books'] }>('/v1/budgets', headersOf('ops'));
    const metric = await readSettled(policyd);
    const lastSwapServes = (await readHash(policyd)) === [...hashes][counts.swaps % 2];
    const exitCode = await policyd.stop();
    const { accounts, openEntries } = await readAccounts(home);
    return {
      asked: requests,
      requests: done,
      ms: took,
      ends,
      wrong,
      held,
      before,
      after,
      counts,
      faults: shaky.faults,
      again,
      watched,
      told,
      unknown,
      books,
      metric,
      accounts,
      openEntries,
      leftOver,
      lastSwapServes,
      exitCode,
    };
  } finally {
    await policyd.stop();
    await Promise.all([steady.stop(), shaky.stop()]);
    rmSync(home, { recursive: true, force: true });
  }
}

/** Descriptors and the heap end later than requests: a client may keep an idle connection for as long as the server lets it, 72 s. */
async function settle(process: WatchedProcess, requests: number, at: number, before?: Held): Promise<Held> {
  let least = await process.look(at, requests);
  for (let looks = 0; looks < (before === undefined ? 3 : 50); looks++) {
    if (
      before !== undefined &&
      countDescriptors(least) <= countDescriptors(before) &&
      countHandles(least) <= countHandles(before) &&
      least.heap <= before.heap + (8 << 20)
    )
      break;
    await sleep(2_000);
    const now = await process.look(at, requests);
    least = { ...now, heap: Math.min(now.heap, least.heap) };
  }
  return least;
}

export function countDescriptors({ descriptors }: Held): number {
  return Object.values(descriptors).reduce((sum, count) => sum + count, 0);
}

export function countHandles({ handles }: Held): number {
  return Object.values(handles).reduce((sum, count) => sum + count, 0);
}

function headersOf(name: Team | 'ops'): Record<string, string> {
  return { authorization: `Bearer ${keyOf(name)}` };
}

async function readMetrics(policyd: Policyd): Promise<string> {
  return (await fetch(`${policyd.url}/metrics`, { headers: headersOf('ops') })).text();
}

const GAUGES = [
  'policyd_waiting_requests',
  'policyd_open_requests',
  'policyd_open_streams',
  'policyd_body_bytes',
  'policyd_open_reservations',
];

/** What still counts as going on; empty = nothing. */
async function findLeftOver(policyd: Policyd): Promise<string> {
  const metrics = await readMetrics(policyd);
  const { budgets } = await policyd.get<{ budgets: SoakReport['books'] }>('/v1/budgets', headersOf('ops'));
  const open = GAUGES.map((name) => [name, Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1])] as const);
  const flying = [...metrics.matchAll(/^(policyd_(?:backend|target)_in_flight\{[^}]*\}) (\d+)$/gm)].map(
    ([, name, value]) => [name!, Number(value)] as const,
  );
  const reserved = budgets.map(({ name, reserved_usd }) => [`budget ${name}`, reserved_usd] as const);
  return [...open, ...flying, ...reserved]
    .filter(([, value]) => value !== 0)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

async function readSettled(policyd: Policyd): Promise<number> {
  const metrics = await readMetrics(policyd);
  return Number(/^policyd_settled_usd_total\{cost="actual"\} (\S+)$/m.exec(metrics)?.[1]);
}

async function readAccounts(home: string): Promise<{ accounts: Account[]; openEntries: number }> {
  interface Tables {
    ledger_accounts: { budget: string; settled: number; reserved: number; held: number; lost: number };
    ledger_entries: { state: string };
  }
  const store = await openStore({ kind: 'sqlite', file: join(home, 'data', 'policyd.sqlite') }, true);
  try {
    const accounts = await store.tables<Tables>().selectFrom('ledger_accounts').selectAll().execute();
    const entries = await store.tables<Tables>().selectFrom('ledger_entries').selectAll().where('state', '=', 'reserved').execute();
    return {
      accounts: accounts.map(({ budget, settled, reserved, held, lost }) => ({
        budget,
        settled: Number(settled),
        reserved: Number(reserved),
        held: Number(held),
        lost: Number(lost),
      })),
      openEntries: entries.length,
    };
  } finally {
    await store.close();
  }
}
