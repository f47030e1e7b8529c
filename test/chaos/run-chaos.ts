import { Pool } from 'undici';
import { MEASURABLE, measureHeap, readPeakMemory } from '../e2e/measure-heap.ts';
import { Policyd, until } from '../e2e/policyd.ts';
import { CALLER_NAMES, CALLERS, type CallerName } from '../callers/callers.ts';
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

/** One of every API that the gateway speaks to, in the order of the backends. */
const TYPES = ['ollama', 'vllm', 'anthropic', 'google', 'openai'] as const;
const BACKENDS = TYPES.length;
/** Ends that every run sees; on a slow machine it goes on until it has, at most this many times as long. */
export const ENDS = ['whole stream', 'whole answer', 'stream, then an error event', 'answer cut with its connection', 'the caller left'];
const LONGER = 6;
/** Whose answers go on as they are. */
const OWN: Readonly<Record<(typeof TYPES)[number], readonly CallerName[]>> = {
  ollama: ['ollama'],
  vllm: ['chat'],
  anthropic: ['messages'],
  google: [],
  openai: ['chat', 'responses'],
};
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
    env: { ...MEASURABLE, CHAOS_KEY: 'sk-chaos' },
  });
  const pool = new Pool(policyd.url, { connections: callers + 50 });
  const ends = new Map<string, number>();
  const wrong: string[] = [];
  let requests = 0;
  let slowestMs = 0;
  const call = async (): Promise<boolean> => {
    const prompt = `p${requests++}${'x'.repeat(Math.floor(random() * 7))}`;
    const begun = performance.now();
    const end = await ask(pool, upstreams, prompt, random);
    slowestMs = Math.max(slowestMs, performance.now() - begun);
    ends.set(end.slice(0, 60), (ends.get(end.slice(0, 60)) ?? 0) + 1);
    if (end.startsWith('WRONG') && wrong.length < 20) wrong.push(`${prompt}: ${end}`);
    return end.startsWith('whole');
  };
  const runWhile = async (goesOn: () => boolean): Promise<void> => {
    const caller = async (): Promise<void> => {
      while (goesOn()) if (!(await call())) await sleep(50 + random() * 200);
    };
    await Promise.all(Array.from({ length: callers }, caller));
  };
  try {
    for (const upstream of upstreams) upstream.share = 0;
    await runWhile(forAWhile());
    const before = await measureHeap(policyd);
    for (const upstream of upstreams) upstream.share = 0.2;
    const begun = performance.now();
    const hasSeen = (): boolean =>
      ENDS.every((end) => ends.has(end)) && FAULTS.every((fault) => upstreams.some(({ counts }) => counts.has(fault)));
    const goesOn = (): boolean => {
      const passed = (performance.now() - begun) / 1e3;
      return passed < seconds || (passed < seconds * LONGER && !hasSeen());
    };
    await Promise.all([runWhile(goesOn), storm(upstreams, goesOn, random)]);
    for (const upstream of upstreams) upstream.share = 0;
    const healing = performance.now();
    const look = async (): Promise<boolean> => {
      await call();
      return isWell(policyd);
    };
    await until(look, 'every target to heal', 90_000);
    const healedMs = performance.now() - healing;
    await runWhile(forAWhile());
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

/** Two seconds from now. */
function forAWhile(): () => boolean {
  const deadline = performance.now() + 2_000;
  return () => performance.now() < deadline;
}

function writePolicy(upstreams: readonly ChaoticUpstream[]): string {
  const timeouts = 'timeouts: { connect: 500ms, first_token: 700ms, idle: 700ms, total: 4s }';
  const backends = upstreams.map(({ url }, row) => {
    const limit = row === 1 ? 'max_in_flight: 40, ' : '';
    const key = ['anthropic', 'google', 'openai'].includes(TYPES[row]) ? 'api_key_env: CHAOS_KEY, ' : '';
    return `  b${row}: { type: ${TYPES[row]}, ${key}url: "${url}", ${limit}${timeouts}, models: { m: { price: free } } }`;
  });
  return `backends:\n${backends.join('\n')}\n`;
}

/** Every second or so one backend fails altogether for a while, or refuses connections. */
async function storm(upstreams: readonly ChaoticUpstream[], goesOn: () => boolean, random: () => number): Promise<void> {
  while (goesOn()) {
    const upstream = upstreams[Math.floor(random() * upstreams.length)];
    if (random() < 0.25) await upstream.refuse(500 + random() * 1_000);
    else {
      upstream.storm = upstream.pickWrong();
      await sleep(500 + random() * 1_500);
      upstream.storm = null;
    }
    await sleep(random() * 700);
  }
}

/** One request of a random kind: a stream or not, read at once or slowly, waited for or left. What became of it, in words. */
async function ask(pool: Pool, upstreams: readonly ChaoticUpstream[], prompt: string, random: () => number): Promise<string> {
  const caller = CALLER_NAMES[Math.floor(random() * CALLER_NAMES.length)];
  const stream = random() < 0.5;
  const kind = random();
  const leaving = new AbortController();
  const leave = kind < 0.1 ? setTimeout(() => leaving.abort(), random() * 300) : null;
  const late = setTimeout(() => leaving.abort(new Error('late')), DEADLINE);
  let seen: SeenAnswer | null = null;
  try {
    const answer = await pool.request({
      method: 'POST',
      path: CALLERS[caller].path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(CALLERS[caller].ask('m', prompt, stream)),
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
    const bytes = Buffer.concat(parts);
    seen = { status: answer.statusCode, headers: answer.headers, bytes, text: readText(bytes, answer.headers), broken };
  } catch (error) {
    if ((leaving.signal.reason as Error | undefined)?.message === 'late') return 'WRONG: it hung past its deadline';
    if (leaving.signal.aborted) return 'the caller left';
    return `WRONG: no answer: ${(error as Error).message}`;
  } finally {
    if (leave) clearTimeout(leave);
    clearTimeout(late);
  }
  try {
    return judgeAnswer({ caller, prompt, stream, sent: takeSent(upstreams, caller, seen) }, seen);
  } catch (error) {
    return `WRONG: ${(error as Error).message} in ${seen.text.slice(-200)}`;
  }
}

/** Compressed bytes stay what they are, one character each. */
function readText(bytes: Buffer, headers: SeenAnswer['headers']): string {
  return bytes.toString(headers['content-encoding'] === undefined ? 'utf8' : 'latin1');
}

function takeSent(upstreams: readonly ChaoticUpstream[], caller: CallerName, { headers }: SeenAnswer): Buffer | null {
  const id = String(headers['x-request-id']);
  const row = Number(/^b(\d)$/.exec(String(headers['x-nexus-backend']))?.[1]);
  const sent = upstreams[row]?.sent.get(id) ?? null;
  for (const upstream of upstreams) upstream.sent.delete(id);
  return Number.isNaN(row) || !OWN[TYPES[row]].includes(caller) ? null : sent;
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
