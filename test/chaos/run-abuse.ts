import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Pool } from 'undici';
import { MEASURABLE, measureHeap, readPeakMemory, settleHeap } from '../e2e/measure-heap.ts';
import { Policyd, until } from '../e2e/policyd.ts';
import { Upstream } from '../upstreams/upstream.ts';
import { sleep } from './chaotic-upstream.ts';

export interface AbuseSize {
  /** Distinct model names that nobody has. */
  readonly names: number;
  /** Requests whose callers leave. */
  readonly aborts: number;
  /** Bodies of 10 MB. */
  readonly bodies: number;
  /** Of every other kind of bad request. */
  readonly others: number;
  /** Connections that do nothing useful. */
  readonly sockets: number;
}

export const FULL: AbuseSize = { names: 100_000, aborts: 100_000, bodies: 200, others: 5_000, sockets: 500 };
export const SHORT: AbuseSize = { names: 2_000, aborts: 2_000, bodies: 8, others: 100, sockets: 20 };

export interface AbuseRow {
  readonly what: string;
  readonly count: number;
  /** Answers by kind, and how many. */
  readonly answers: string;
  /** Heap after a collection, against the same before, in bytes. */
  readonly heapGrowth: number;
  readonly seconds: number;
}

export interface AbuseReport {
  readonly rows: readonly AbuseRow[];
  readonly wrong: readonly string[];
  readonly peakMemory: number;
}

const TEN_MB = 10 * 1024 * 1024;
/** What the heap may move by chance, in bytes: code that was compiled, caches that are bounded. */
const NOISE = 3 << 20;
/** The most memory that the process may ever have: bodies (`--body-memory`), as much again for joining their parts, and itself. */
export const MOST_MEMORY = 800 << 20;

/** Kinds of bad requests: what is sent, and the only answers that are right. Malformed JSON has no code, as at OpenAI. */
const BODIES: readonly { readonly what: string; readonly body: string | Buffer; readonly right: readonly string[] }[] = [
  { what: 'a body nested 100,000 deep', body: `{"model":"m","messages":${'['.repeat(100_000)}`, right: ['400 null'] },
  {
    what: 'invalid UTF-8',
    body: Buffer.from('{"model":"\xff\xfe","messages":[{"role":"user","content":"\xc3\x28"}]}', 'latin1'),
    right: ['400 null'],
  },
  {
    what: 'a key twice',
    body: '{"model":"m","model":"other","messages":[{"role":"user","content":"x"}]}',
    right: ['400 duplicate_parameter'],
  },
  {
    what: 'a name of 1 MB',
    body: `{"model":"${'n'.repeat(1 << 20)}","messages":[{"role":"user","content":"x"}]}`,
    right: ['400 string_above_max_length'],
  },
];

/** Everything that a caller can do to a gateway short of a flood of packets; afterwards it must be as it was. */
export async function runAbuse(size: AbuseSize): Promise<AbuseReport> {
  const upstream = await Upstream.start();
  const policyd = await Policyd.start(`backends: { server: { type: vllm, url: "${upstream.url}", models: { m: {}, other: {} } } }`, {
    args: [
      '--log-level',
      'error',
      '--header-timeout',
      '1s',
      '--body-timeout',
      '5s',
      '--read-timeout',
      '1s',
      '--body-memory',
      String(128 << 20),
    ],
    env: MEASURABLE,
  });
  const pool = new Pool(policyd.url, { connections: 64 });
  const rows: AbuseRow[] = [];
  const wrong: string[] = [];
  const forget = setInterval(() => (upstream.received.length = 0), 100);

  const post = async (body: string | Buffer, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<string> => {
    try {
      const options = { method: 'POST', path: '/v1/chat/completions', body, signal: signal ?? null } as const;
      const answer = await pool.request({ ...options, headers: { 'content-type': 'application/json', ...headers } });
      const text = await answer.body.text();
      if (answer.statusCode === 200) return '200';
      return `${answer.statusCode} ${(JSON.parse(text) as { error: { code: string } }).error.code}`;
    } catch (error) {
      return signal?.aborted ? 'left' : `no answer (${(error as { code?: string }).code ?? (error as Error).message})`;
    }
  };
  const measure = async (what: string, count: number, workers: number, right: readonly string[], act: (at: number) => Promise<string>) => {
    // The first of a kind compile code and fill caches that are bounded.
    await Promise.all(Array.from({ length: Math.min(32, count) }, (_, at) => act(-1 - at)));
    const before = await measureHeap(policyd);
    const begun = performance.now();
    const found = new Map<string, number>();
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < count) {
        const answer = await act(next++);
        found.set(answer, (found.get(answer) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: Math.min(workers, count) }, work));
    const seconds = (performance.now() - begun) / 1e3;
    await until(() => isIdle(policyd), `nothing to be left of ${what}`);
    const heapGrowth = (await settleHeap(policyd, before + NOISE)) - before;
    const answers = [...found].map(([answer, times]) => `${answer}: ${times.toLocaleString('en-US')}`).join(', ');
    rows.push({ what, count, answers, heapGrowth, seconds });
    if ([...found.keys()].some((answer) => !right.includes(answer))) wrong.push(`${what}: ${answers}`);
    if (heapGrowth > NOISE) wrong.push(`${what}: the heap grew by ${heapGrowth} bytes`);
  };

  try {
    const hello = '"messages":[{"role":"user","content":"hello"}]';
    for (let at = 0; at < 300; at++) await post(`{"model":"m",${hello}}`);
    await measure('unknown model names, all different', size.names, 64, ['404 model_not_found'], (at) =>
      post(`{"model":"nobody-${at}",${hello}}`),
    );
    upstream.delay = 20;
    await measure('callers that leave', size.aborts, 64, ['left', '200'], async (at) => {
      const leaving = new AbortController();
      const answer = post(`{"model":"m","stream":${at % 2 === 0},${hello}}`, {}, leaving.signal);
      setTimeout(() => leaving.abort(), Math.random() * 40);
      return answer;
    });
    upstream.delay = 0;
    const noticed = await countGone(policyd);
    if (noticed < size.aborts / 10) wrong.push(`only ${noticed} of ${size.aborts} callers left after their request had arrived`);
    rows[rows.length - 1] = {
      ...rows[rows.length - 1],
      answers: `left: ${size.aborts.toLocaleString('en-US')}, with the request under way: ${noticed.toLocaleString('en-US')}`,
    };
    const large = `{"model":"m",${hello},"user":"${'u'.repeat(TEN_MB - 1_000)}"}`;
    await measure('bodies of 10 MB', size.bodies, 32, ['200', '503 overloaded'], () => post(large));
    await measure('bodies over the limit', size.bodies, 8, ['413 request_too_large'], () => post(`${large}${' '.repeat(2_000)}`));
    for (const { what, body, right } of BODIES) await measure(what, size.others, 16, right, () => post(body));
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`x-${at}`, '1']));
    await measure('300 headers', size.others, 16, ['431 headers_too_large'], () => post(`{"model":"m",${hello}}`, many));
    const port = Number(new URL(policyd.url).port);
    await measure('headers of 64 KB', size.others, 16, ['431'], () =>
      speak(port, `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx-large: ${'x'.repeat(65_536)}\r\n\r\n`),
    );
    const slowly = ['408', 'closed'];
    await measure('headers that never end', size.sockets, size.sockets, slowly, () =>
      speak(port, 'POST /v1/chat/completions HTTP/1.1\r\nx-slow: '),
    );
    await measure('bodies that never end', size.sockets, size.sockets, slowly, () =>
      speak(
        port,
        'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"model":',
      ),
    );
    upstream.fault = { kind: 'flood', bytes: Number.POSITIVE_INFINITY };
    const begin = `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
    const body = `{"model":"m",${hello}}`;
    await measure('answers without end, unread', Math.min(size.sockets, 100), 100, ['cut off'], () =>
      ignore(port, `${begin}content-length: ${body.length}\r\n\r\n${body}`),
    );
    upstream.fault = null;
    const last = await post(`{"model":"m",${hello}}`);
    if (last !== '200') wrong.push(`after all that a plain request gets ${last}`);
    const peakMemory = readPeakMemory(policyd);
    if (peakMemory > MOST_MEMORY) wrong.push(`the process took ${peakMemory} bytes at its peak`);
    return { rows, wrong, peakMemory };
  } finally {
    clearInterval(forget);
    await pool.destroy();
    await policyd.stop();
    await upstream.stop();
  }
}

/** Sends `text` on a connection of its own and nothing after it: the status of what comes back before the connection ends. */
async function speak(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  const parts: string[] = [];
  socket.on('data', (part) => parts.push(part.toString('latin1')));
  socket.write(text);
  const ended = await waitForEnd(socket, 10_000);
  return ended ? (/^HTTP\/1\.1 (\d+)/.exec(parts.join(''))?.[1] ?? 'closed') : 'still open';
}

/** Asks, and never reads what comes. */
async function ignore(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  socket.pause();
  socket.write(text);
  // What a connection that is not read learns of its end, it learns by writing.
  for (let tries = 0; tries < 100; tries++) {
    await sleep(100);
    if (socket.destroyed || !socket.writable) break;
    if (tries > 15) socket.write('\r\n');
  }
  const cut = socket.destroyed || !socket.writable;
  socket.destroy();
  return cut ? 'cut off' : 'still open';
}

async function waitForEnd(socket: Socket, ms: number): Promise<boolean> {
  const ended = await Promise.race([once(socket, 'close').then(() => true), sleep(ms).then(() => false)]);
  socket.destroy();
  return ended;
}

async function isIdle(policyd: Policyd): Promise<boolean> {
  const { backends } = await policyd.get<{ backends: { in_flight: number }[] }>('/health');
  const metrics = await (await fetch(`${policyd.url}/metrics`)).text();
  return (
    backends[0].in_flight === 0 && ['open_requests', 'open_streams', 'body_bytes'].every((name) => metrics.includes(`policyd_${name} 0\n`))
  );
}

/** Requests whose callers left before the answer was complete, as the gateway counted them. */
async function countGone(policyd: Policyd): Promise<number> {
  const metrics = await (await fetch(`${policyd.url}/metrics`)).text();
  return [...metrics.matchAll(/^policyd_requests_total\{[^}]*status="499"[^}]*\} (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}
