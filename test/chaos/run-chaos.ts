import { Pool } from 'undici';
import { MEASURABLE, measureHeap, readPeakMemory } from '../e2e/measure-heap.ts';
import { Policyd, until } from '../e2e/policyd.ts';
import { type ChaosFault, ChaoticUpstream, FAULTS, sleep } from './chaotic-upstream.ts';
import { judgeAnswer, type SeenAnswer } from './judge-answer.ts';
import { createRandom } from './random.ts';

export interface ChaosOptions {
  readonly seconds: number;
  /** Requests at once. */
  readonly callers: number;
  readonly seed: number;
}

export interface ChaosReport {
  readonly requests: number;
  /** How requests ended, and how often. */
  readonly ends: ReadonlyMap<string, number>;
  readonly wrong: readonly string[];
  /** What the backends did, and how often. */
  readonly faults: ReadonlyMap<ChaosFault, number>;
  readonly slowestMs: number;
  readonly deadlineMs: number;
  /** Ms until every target served again after the last fault. */
  readonly healedMs: number;
  readonly heapGrowth: number;
  readonly peakMemory: number;
  readonly leftOver: string;
}

const BACKENDS = 5;
const TOTAL = 4_000;
const QUEUE_WAIT = 1_000;
/** Every target once, each up to its total, each after a wait: nothing may take longer. What both machines need comes on top. */
const DEADLINE = BACKENDS * (TOTAL + QUEUE_WAIT) + 5_000;

/** Callers of every kind against a gateway whose backends fail in every way. */
export async function runChaos({ seconds, callers, seed }: ChaosOptions): Promise<ChaosReport> {
  const random = createRandom(seed);
  const upstreams = Array.from({ length: BACKENDS }, () => new ChaoticUpstream(random));
  await Promise.all(upstreams.map((upstream) => upstream.listen()));
  const policyd = await Policyd.start(writePolicy(upstreams), {
    args: ['--log-level', 'error', '--probe-interval', '500', '--queue-wait', String(QUEUE_WAIT)],
    env: MEASURABLE,
  });
  const pool = new Pool(policyd.url, { connections: callers + 50 });
  const ends = new Map<string, number>();
  const wrong: string[] = [];
  let requests = 0;
  let slowestMs = 0;
  const call = async (): Promise<boolean> => {
    const prompt = `p${requests++}${'x'.repeat(Math.floor(random() * 7))}`;
    const begun = performance.now();
    const end = await ask(pool, prompt, random);
    slowestMs = Math.max(slowestMs, performance.now() - begun);
    ends.set(end.slice(0, 60), (ends.get(end.slice(0, 60)) ?? 0) + 1);
    if (end.startsWith('WRONG') && wrong.length < 20) wrong.push(`${prompt}: ${end}`);
    return end.startsWith('whole');
  };
  const runUntil = async (deadline: number): Promise<void> => {
    const caller = async (): Promise<void> => {
      while (performance.now() < deadline) if (!(await call())) await sleep(50 + random() * 200);
    };
    await Promise.all(Array.from({ length: callers }, caller));
  };
  try {
    for (const upstream of upstreams) upstream.share = 0;
    await runUntil(performance.now() + 2_000);
    const before = await measureHeap(policyd);
    for (const upstream of upstreams) upstream.share = 0.2;
    const stop = performance.now() + seconds * 1e3;
    await Promise.all([runUntil(stop), storm(upstreams, stop, random)]);
    for (const upstream of upstreams) upstream.share = 0;
    const healing = performance.now();
    const look = async (): Promise<boolean> => {
      await call();
      return isWell(policyd);
    };
    await until(look, 'every target to heal', 90_000);
    const healedMs = performance.now() - healing;
    await runUntil(performance.now() + 2_000);
    await sleep(500);
    const after = await measureHeap(policyd);
    const faults = new Map<ChaosFault, number>();
    for (const { counts } of upstreams) for (const [fault, count] of counts) faults.set(fault, (faults.get(fault) ?? 0) + count);
    const leftOver = await findLeftOver(policyd);
    const peakMemory = readPeakMemory(policyd);
    return { requests, ends, wrong, faults, slowestMs, deadlineMs: DEADLINE, healedMs, heapGrowth: after - before, peakMemory, leftOver };
  } finally {
    await pool.destroy();
    await policyd.stop();
    await Promise.all(upstreams.map((upstream) => upstream.stop()));
  }
}

function writePolicy(upstreams: readonly ChaoticUpstream[]): string {
  const timeouts = 'timeouts: { connect: 500ms, first_token: 700ms, idle: 700ms, total: 4s }';
  const [first, ...rest] = upstreams.map(({ url }, row) => {
    const limit = row === 1 ? 'max_in_flight: 40, ' : '';
    return `  b${row}: { type: ${row === 0 ? 'ollama' : 'vllm'}, url: "${url}", ${limit}${timeouts}, models: { m: {} } }`;
  });
  return `backends:\n${[first, ...rest].join('\n')}\n`;
}

/** Every second or so one backend fails altogether for a while, or refuses connections. */
async function storm(upstreams: readonly ChaoticUpstream[], stop: number, random: () => number): Promise<void> {
  while (performance.now() < stop) {
    const upstream = upstreams[Math.floor(random() * upstreams.length)];
    if (random() < 0.25) await upstream.refuse(500 + random() * 1_000);
    else {
      upstream.storm = FAULTS[2 + Math.floor(random() * (FAULTS.length - 2))];
      await sleep(500 + random() * 1_500);
      upstream.storm = null;
    }
    await sleep(random() * 700);
  }
}

/** One request of a random kind: a stream or not, read at once or slowly, waited for or left. What became of it, in words. */
async function ask(pool: Pool, prompt: string, random: () => number): Promise<string> {
  const stream = random() < 0.7;
  const kind = random();
  const leaving = new AbortController();
  const leave = kind < 0.1 ? setTimeout(() => leaving.abort(), random() * 300) : null;
  const late = setTimeout(() => leaving.abort(new Error('late')), DEADLINE);
  let seen: SeenAnswer | null = null;
  try {
    const answer = await pool.request({
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', stream, messages: [{ role: 'user', content: prompt }] }),
      signal: leaving.signal,
    });
    const parts: Buffer[] = [];
    let broken = false;
    try {
      for await (const part of answer.body) {
        parts.push(part as Buffer);
        if (kind > 0.9) await sleep(random() * 50);
      }
    } catch (error) {
      if (leaving.signal.aborted) throw error;
      broken = true;
    }
    seen = { status: answer.statusCode, headers: answer.headers, text: Buffer.concat(parts).toString('utf8'), broken };
  } catch (error) {
    if ((leaving.signal.reason as Error | undefined)?.message === 'late') return 'WRONG: it hung past its deadline';
    if (leaving.signal.aborted) return 'the caller left';
    return `WRONG: no answer: ${(error as Error).message}`;
  } finally {
    if (leave) clearTimeout(leave);
    clearTimeout(late);
  }
  try {
    return judgeAnswer(prompt, stream, seen);
  } catch (error) {
    return `WRONG: ${(error as Error).message} in ${seen.text.slice(-200)}`;
  }
}

interface Health {
  readonly backends: readonly {
    readonly in_flight: number;
    readonly targets: readonly { readonly state: string; readonly in_flight: number }[];
  }[];
}

async function isWell(policyd: Policyd): Promise<boolean> {
  return (await policyd.get<Health>('/health')).backends.every(({ targets }) => targets.every(({ state }) => state === 'ready'));
}

/** What still counts as going on when nothing is; empty = nothing. */
async function findLeftOver(policyd: Policyd): Promise<string> {
  const { backends } = await policyd.get<Health>('/health');
  const counts = backends.map(({ in_flight, targets }) => in_flight + targets.reduce((sum, target) => sum + target.in_flight, 0));
  const metrics = await (await fetch(`${policyd.url}/metrics`)).text();
  const gauges = ['policyd_waiting_requests', 'policyd_open_streams', 'policyd_body_bytes'];
  const open = gauges
    .map((name) => `${name}=${new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1]}`)
    .filter((text) => !text.endsWith('=0'));
  const held = counts.map((count, row) => `b${row}=${count}`).filter((text) => !text.endsWith('=0'));
  return [...held, ...open].join(' ');
}
