import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HAS_POSTGRES, POSTGRES_URL } from '../../exams/store/stores.ts';
import { compileText, Policyd, until, writeArtifact } from '../policyd.ts';
import { MarkFile } from './mark-file.ts';
import { callerOf, policyOf } from './workloads-api.ts';

/** What becomes of workloads when policyd is killed anywhere between a request and its end. */
const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 8);
const ARGS = ['--pool-lease', '1s', '--node-capacity', 'cpu=64,memory=16GiB'];

let home: string;
let marks: MarkFile;
let processes: Policyd[];
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'policyd-crash-'));
  marks = new MarkFile();
  processes = [];
  writeArtifact(join(home, 'generated'), await compileText(policyOf('quotas: { jobs_per_token: 400 }')));
});
afterEach(async () => {
  for (const policyd of processes) await policyd.stop();
  rmSync(home, { recursive: true, force: true });
  marks.remove();
});

async function start(env: Record<string, string> = {}): Promise<Policyd> {
  const policyd = await Policyd.run(home, join(home, 'generated'), { args: ARGS, env });
  processes.push(policyd);
  return policyd;
}

async function kill(policyd: Policyd): Promise<void> {
  if (policyd.process.exitCode !== null || policyd.process.signalCode !== null) return;
  const ended = once(policyd.process, 'exit');
  policyd.process.kill('SIGKILL');
  await ended;
  processes.splice(processes.indexOf(policyd), 1);
}

const workload = (mark: string) => ({
  name: 'crash',
  command: marks.command(mark, 'sleep 0.3; echo done'),
  resources: { cpu: 0.05, memory: '16MiB' },
});

interface Sent {
  readonly key: string;
  /** What was acknowledged; null = nobody answered. */
  acknowledged: string | null;
}

/** Schedules as fast as three clients do until `signal`. */
async function load(policyd: Policyd, prefix: string, sent: Sent[], signal: AbortSignal): Promise<void> {
  const caller = callerOf(() => policyd);
  let next = 0;
  const client = async (): Promise<void> => {
    while (!signal.aborted) {
      const one: Sent = { key: `${prefix}-${next++}`, acknowledged: null };
      sent.push(one);
      try {
        const { status, body } = await caller.schedule(workload(one.key), one.key);
        if (status === 202) one.acknowledged = body.job_id;
        else if (status !== 503) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
      } catch (error) {
        if ((error as Error).message.startsWith('answered')) throw error;
        return;
      }
      await sleep(60 * Math.random());
    }
  };
  await Promise.all([client(), client(), client()]);
}

/** Every key is asked for again: acknowledged ones are the same job, each job ran once and ended once. */
async function settle(current: () => Policyd, sent: readonly Sent[]): Promise<void> {
  const caller = callerOf(current);
  const jobs = new Map<string, string>();
  for (const { key, acknowledged } of sent) {
    const { status, body } = await caller.insist(workload(key), key);
    expect(status, JSON.stringify(body)).toBe(202);
    if (acknowledged !== null) expect(body.job_id, key).toBe(acknowledged);
    jobs.set(key, body.job_id);
  }
  expect(new Set(jobs.values()).size).toBe(sent.length);
  for (const [key, id] of jobs) {
    const view = await caller.end(id, 120_000);
    expect(view, key).toMatchObject({ status: 'succeeded', attempts: 1, exit_code: 0 });
    expect(view.runs).toHaveLength(1);
    expect(view.history.filter(({ event }) => ['completed', 'failed', 'cancelled'].includes(event))).toHaveLength(1);
  }
  const { counts } = marks;
  for (const { key } of sent) expect(counts.get(key), key).toBe(1);
  expect(counts.size).toBe(sent.length);
  expect(jobs.size).toBeGreaterThan(0);
}

const openDatabase = () => new DatabaseSync(join(home, 'data', 'policyd.sqlite'), { readOnly: true });

function countUntold(): number {
  const database = openDatabase();
  try {
    return Number(database.prepare('select count(*) as untold from workloads where told = 0').get()!.untold);
  } finally {
    database.close();
  }
}

test(`SIGKILL in ${ROUNDS} rounds at any moment under load: no job is lost, none runs twice, nothing stays held`, async () => {
  const sent: Sent[] = [];
  let current = await start();
  for (let round = 0; round < ROUNDS; round++) {
    const stop = new AbortController();
    const loading = load(current, `r${round}`, sent, stop.signal);
    await sleep(20 + Math.random() * 700);
    await kill(current);
    stop.abort();
    await loading;
    current = await start();
  }
  expect(sent.filter(({ acknowledged }) => acknowledged !== null).length).toBeGreaterThan(ROUNDS);
  await settle(() => current, sent);
  const jobs = await callerOf(() => current).get<{ items: { status: string }[] }>('/v1/jobs?status=running');
  expect(jobs.body.items).toEqual([]);
  // An end that was written down and not told before a crash is told ten seconds after it.
  await until(() => countUntold() === 0, 'every end to be told', 60_000);
  await current.stop();
  const database = openDatabase();
  expect(database.prepare('select count(*) as held from workloads where held = 1').get()).toEqual({ held: 0 });
  expect(database.prepare('select count(*) as jobs from workloads').get()).toEqual({ jobs: sent.length });
  // Every stream ended with exactly one result, but where a crash came between the telling and its record.
  const ends = database.prepare("select stream, count(*) as ends from frames where type = 'result' group by stream").all() as {
    ends: number;
  }[];
  expect(ends).toHaveLength(sent.length);
  expect(ends.filter(({ ends }) => ends > 1).length).toBeLessThanOrEqual(ROUNDS);
  database.close();
}, 1_800_000);

test.runIf(HAS_POSTGRES)(
  'two processes on PostgreSQL, one or the other killed: who is left takes over, and what ran goes on',
  async () => {
    const name = `crash_${process.pid}_${Date.now().toString(36)}`;
    const client = new pg.Client({ connectionString: POSTGRES_URL });
    await client.connect();
    await client.query(`create database ${name}`);
    const env = { DATABASE_URL: POSTGRES_URL.replace(/\/[^/]*$/, `/${name}`) };
    try {
      const sent: Sent[] = [];
      const pair = [await start(env), await start(env)];
      for (let round = 0; round < Math.ceil(ROUNDS / 5); round++) {
        const stop = new AbortController();
        const loading = pair.map((policyd, i) => load(policyd, `p${round}-${i}`, sent, stop.signal));
        await sleep(100 + Math.random() * 600);
        const victim = round % 2;
        await kill(pair[victim]);
        await sleep(100);
        stop.abort();
        await Promise.all(loading);
        // The other one ends what is under way before the killed one is back.
        if (round % 3 === 0) {
          const last = sent.findLast(({ key, acknowledged }) => key.startsWith(`p${round}-${victim}`) && acknowledged !== null);
          if (last !== undefined) await callerOf(() => pair[1 - victim]).end(last.acknowledged!, 60_000);
        }
        pair[victim] = await start(env);
      }
      await settle(() => pair[0], sent);
      await until(
        async () => (await callerOf(() => pair[1]).pods()).every(({ phase }) => phase === 'succeeded'),
        'all pods to end',
        60_000,
      );
      for (const policyd of pair) await policyd.stop();
    } finally {
      for (const policyd of processes) await kill(policyd);
      await client.query(`drop database if exists ${name} with (force)`);
      await client.end();
    }
  },
  1_800_000,
);
