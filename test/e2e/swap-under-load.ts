import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Agent, request } from 'undici';
import { Upstream } from '../upstreams/upstream.ts';
import { MEASURABLE, measureHeap } from './measure-heap.ts';
import { compileText, Policyd } from './policyd.ts';

/** Callers at once: plain answers, and streams that last longer than a swap. */
const PLAIN = 6;
const STREAMS = 4;
/** Between two events of a stream, in ms. */
const GAP = 4;
/** Swaps and requests before anything is measured: maps grow, code is compiled. */
const WARM = 100;
const WARM_REQUESTS = 3_000;

export interface SwapReport {
  readonly node: string;
  readonly swaps: number;
  readonly requests: number;
  readonly streams: number;
  /** Streams that a swap took place under. */
  readonly spanned: number;
  /** What went wrong, at most ten; a request that failed, or that says it was decided by one router and was carried out by another. */
  readonly problems: readonly string[];
  /** Time of the first decision of each router that made one, in µs, ascending. */
  readonly first: readonly number[];
  /** Time of ordinary decisions under the same load without a swap, in µs, ascending. */
  readonly ordinary: readonly number[];
  /** From sending an artifact to the answer that it serves, in ms, ascending. */
  readonly took: readonly number[];
  /** Growth of the heap per swap after collections, in bytes. */
  readonly grown: number;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** An artifact that differs from every other one and is the same router: its hashes are made to fit. */
function vary(files: ReadonlyMap<string, string>, number: number): { body: string; hash: string } {
  const router = `${files.get('router.js')}\n// ${number}`;
  const { hash: _, ...rest } = JSON.parse(files.get('manifest.json')!) as { hash: string; router: { sha256: string } };
  rest.router.sha256 = sha256(router);
  const hash = sha256(JSON.stringify(rest));
  return { body: JSON.stringify({ manifest: { ...rest, hash }, router }), hash };
}

/**
 * Swaps routers in a real policyd while plain requests and streams go through it. Every other router sends them to another backend under
 * another model name, so that each answer shows who decided it, beside what its headers say.
 */
export async function swapUnderLoad(swaps: number, node: string = process.execPath): Promise<SwapReport> {
  const upstreams = [await Upstream.start(), await Upstream.start()];
  const artifacts: ReadonlyMap<string, string>[] = [];
  for (const [row, { url }] of upstreams.entries()) {
    artifacts.push(
      await compileText(`backends: { server-${row}: { type: vllm, url: "${url}", models: { m: { upstream: model-${row} } } } }`),
    );
  }
  for (const upstream of upstreams) upstream.gap = GAP;
  const policyd = await Policyd.start(`backends: { server-0: { type: vllm, url: "${upstreams[0].url}", models: { m: {} } } }`, {
    args: ['--allow-upload', '--log-level', 'error'],
    env: MEASURABLE,
    node,
  });
  // One agent for all: connections stay, as those of real callers do.
  const agent = new Agent({ connections: PLAIN + STREAMS + 1 });
  /** Which of the two a router is, by its hash. */
  const sides = new Map<string, number>();
  const problems: string[] = [];
  const times: number[] = [];
  let timing = false;
  const counts = { requests: 0, streams: 0, spanned: 0 };
  let done = 0;
  let loading = false;

  const report = (problem: string): void => {
    if (problems.length < 10) problems.push(problem);
  };
  const call = async (stream: boolean): Promise<void> => {
    const begun = done;
    const answer = await request(`${policyd.url}/v1/chat/completions`, {
      method: 'POST',
      dispatcher: agent,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', stream, messages: [{ role: 'user', content: 'hello there' }] }),
    });
    const text = await answer.body.text();
    counts[stream ? 'streams' : 'requests']++;
    if (stream && done > begun) counts.spanned++;
    if (timing && !stream) times.push(Number(answer.headers['x-nexus-decision-time']));
    const hash = String(answer.headers['x-nexus-policy']);
    const backend = String(answer.headers['x-nexus-backend']);
    const side = sides.get(hash);
    if (answer.statusCode !== 200 || (stream && !text.endsWith('data: [DONE]\n\n'))) report(`${answer.statusCode} ${text.slice(0, 200)}`);
    else if (side === undefined) report(`a router that was never put: ${hash}`);
    else if (backend !== `server-${side}` || !text.includes(`"model":"model-${side}"`)) {
      report(`router ${hash} is of side ${side}, its answer of ${backend}: ${text.slice(0, 200)}`);
    }
  };
  const work = async (stream: boolean): Promise<void> => {
    while (loading) await call(stream).catch((error: Error) => report(`${error.name}: ${error.message}`));
  };

  const first: number[] = [];
  const took: number[] = [];
  const swap = async (measured: boolean): Promise<void> => {
    const { body, hash } = vary(artifacts[done % 2], done);
    sides.set(hash, done % 2);
    const begun = performance.now();
    const answer = await request(`${policyd.url}/v1/policy`, {
      method: 'PUT',
      dispatcher: agent,
      headers: { 'content-type': 'application/json' },
      body,
    });
    const status = (await answer.body.json()) as Status;
    if (answer.statusCode !== 200 || status.active.hash !== hash) report(`swap ${done}: ${JSON.stringify(status).slice(0, 300)}`);
    done++;
    if (!measured) return;
    took.push(performance.now() - begun);
    const micros = status.previous?.first_decision_us ?? null;
    if (micros !== null) first.push(micros);
  };
  const swapWhileLoaded = async (number: number, measured: boolean): Promise<number> => {
    loading = true;
    const workers = Array.from({ length: PLAIN + STREAMS }, (_, row) => work(row < STREAMS));
    for (let step = 0; step < number; step++) await swap(measured);
    timing = !measured;
    while (timing && times.length < WARM_REQUESTS) await new Promise((resolve) => setTimeout(resolve, 50));
    timing = false;
    loading = false;
    await Promise.all(workers);
    for (const upstream of upstreams) upstream.received.length = 0;
    return measureHeap(policyd);
  };

  try {
    await swap(false);
    const before = await swapWhileLoaded(WARM, false);
    Object.assign(counts, { requests: 0, streams: 0, spanned: 0 });
    const after = await swapWhileLoaded(swaps, true);
    const ascending = (values: number[]): number[] => values.sort((a, b) => a - b);
    return {
      node: spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim(),
      swaps,
      ...counts,
      problems,
      first: ascending(first),
      ordinary: ascending(times),
      took: ascending(took),
      grown: (after - before) / swaps,
    };
  } finally {
    loading = false;
    await agent.close();
    await policyd.stop();
    await Promise.all(upstreams.map((upstream) => upstream.stop()));
  }
}

interface Status {
  readonly active: { readonly hash: string };
  readonly previous: { readonly first_decision_us: number | null } | null;
}
