/**
 * The coordination pool of a real policyd, over HTTP: how soon an idle agent begins, how long tasks wait for an agent under steady load, and
 * what a flood of submissions does, as its clients see it and as the server does. Beside it, in the same run, what an fsync of this disk takes:
 * nothing is acknowledged before one. Throws where a refusal takes too long.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Table } from '../../compiler/bench/table.ts';
import { Policyd } from '../e2e/policyd.ts';
import { poolOf } from '../e2e/pool/api.ts';
import { askRepeatedly } from './pool/ask-repeatedly.ts';
import { flood } from './pool/flood.ts';

const HANDLERS = fileURLToPath(new URL('./pool/handlers.ts', import.meta.url));
const POLICY =
  'backends: { box: { type: ollama, url: "http://127.0.0.1:9", models: { m: {} } } }\npools: { coordination: { max_size: 16 } }\n';
const IDLE = 300;
const STEADY = 1_500;
const FLOOD = Number(process.env.FLOOD ?? 10_000);
/** Connections of the flood: some clients, and more than the two cores of a small machine can serve at once. */
const SOME = 16;
const MANY = 64;
/** The least that this server can be asked, for comparison. */
const HEALTH = '/health/live';
const TIMER = new URL('./pool/time-answers.ts', import.meta.url).href;
/** What a refusal may take, ms: the p99 within the server, and the p50 of a client among `SOME`, whose p99 is the scheduler's on two shared cores. */
const REFUSAL = 10;

export const bench = {
  name: 'pool',
  async run(): Promise<Table> {
    const fsyncs = measureFsync(200);
    const folder = mkdtempSync(join(tmpdir(), 'policyd-bench-'));
    const times = join(folder, 'times.json');
    const policyd = await Policyd.start(POLICY, {
      args: ['--pool-handlers', HANDLERS, '--log-level', 'error'],
      env: { NODE_OPTIONS: `--import ${TIMER}`, ANSWER_TIMES: times },
    });
    try {
      const pool = poolOf(policyd);
      await pool.initialize(4);
      for (let i = 0; i < 20; i++) await startOne(pool);
      const idle: number[] = [];
      for (let i = 0; i < IDLE; i++) idle.push(await startOne(pool));
      const steady = await loadSteadily(pool);
      const some = await flood(policyd.url, FLOOD, SOME, { ms: 2 });
      for (const id of some.accepted) await pool.reach(id, ['completed', 'failed']);
      const health = await askRepeatedly(policyd.url, HEALTH, FLOOD, SOME);
      const many = await flood(policyd.url, FLOOD, MANY, { ms: 2 });
      for (const id of many.accepted) await pool.reach(id, ['completed', 'failed']);
      await policyd.stop();
      const inside = JSON.parse(readFileSync(times, 'utf8')) as number[];
      const at = (values: readonly number[], share: number, digits = 1): string =>
        ([...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN).toFixed(digits);
      const ratio = (value: string): string => `${(Number(value) / Number(at(fsyncs, 0.5))).toFixed(1)} ×`;
      const row = (what: string, value: string, bound: string): string[] => [what, value, ratio(value), bound];
      return {
        title: 'coordination pool, ms',
        columns: ['', 'ms', 'of an fsync (p50)', 'bound'],
        rows: [
          row('an fsync of this disk, p50', at(fsyncs, 0.5), ''),
          row('the same, p99', at(fsyncs, 0.99), ''),
          row('idle pool: from the request to the first line of the handler, p50', at(idle, 0.5), '≤ 20'),
          row('the same, p99', at(idle, 0.99), '< 500'),
          row('steady load of 3 tasks of 5 ms at once, from the request to the handler, p50', at(steady, 0.5), ''),
          row('the same, p99', at(steady, 0.99), '< 500'),
          row('floods: a 429 within the server, headers read to answer sent, p50', at(inside, 0.5, 3), ''),
          row('the same, p99', assertBelow(at(inside, 0.99, 3), 'a refusal within the server', '99th'), `< ${REFUSAL}`),
          row(
            `flood of ${FLOOD.toLocaleString('en-US')} over ${SOME} connections: a 429 at the client, p50`,
            assertBelow(at(some.refusals, 0.5), 'a refusal at the client', '50th'),
            `< ${REFUSAL}`,
          ),
          row('the same, p99', at(some.refusals, 0.99), ''),
          row(`${HEALTH} of the same server over ${SOME} connections, nothing else to do, p50`, at(health, 0.5), ''),
          row('the same, p99', at(health, 0.99), ''),
          row(`flood over ${MANY} connections: a 429 at the client, p50`, at(many.refusals, 0.5), ''),
          row('the same, p99', at(many.refusals, 0.99), ''),
        ],
        notes: [some, many].map(
          ({ perSecond, accepted, refused, withRetryAfter, other, deepest }, i) =>
            `Flood over ${[SOME, MANY][i]} connections: ${Math.round(perSecond).toLocaleString('en-US')} submissions/s, ${accepted.length} accepted and all ended, ${refused} refused (${withRetryAfter} with Retry-After), ${other.length} others; at most ${deepest} of 100 waited. The load runs on the same cores as the server, so that requests in flight wait for each other: a client's median is connections ÷ throughput.`,
        ),
      };
    } finally {
      await policyd.stop();
      rmSync(folder, { recursive: true });
    }
  },
};

function assertBelow(ms: string, what: string, percentile: string): string {
  if (!(Number(ms) < REFUSAL)) throw new Error(`${what} took ${ms} ms in the ${percentile} percentile, which may be ${REFUSAL}`);
  return ms;
}

type Api = ReturnType<typeof poolOf>;

/** Ms from the request to the first line of the handler. */
async function startOne(pool: Api, ms = 0): Promise<number> {
  const sent = performance.timeOrigin + performance.now();
  const { task_id: id } = await pool.submit({ ms });
  const { result } = await pool.reach(id, ['completed']);
  return (result as { began: number }).began - sent;
}

async function loadSteadily(pool: Api): Promise<number[]> {
  const times: number[] = [];
  let left = STEADY;
  const lane = async (): Promise<void> => {
    while (left-- > 0) times.push(await startOne(pool, 5));
  };
  await Promise.all([lane(), lane(), lane()]);
  return times;
}

function measureFsync(count: number): number[] {
  const folder = mkdtempSync(join(tmpdir(), 'policyd-fsync-'));
  const file = openSync(join(folder, 'file'), 'a');
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const begun = performance.now();
    writeSync(file, 'x'.repeat(4_096));
    fsyncSync(file);
    times.push(performance.now() - begun);
  }
  closeSync(file);
  rmSync(folder, { recursive: true });
  return times;
}
