import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { plant, toUpload } from './plant.ts';
import { compileText, type ErrorBody, Policyd, until } from './policyd.ts';

interface Status {
  readonly active: { readonly hash: string };
  readonly previous: { readonly hash: string } | null;
  readonly last_error: { readonly message: string; readonly hash: string | null } | null;
  readonly watch: {
    readonly state: string;
    readonly hash: string | null;
    readonly decisions: number;
    readonly p99_us: number;
    readonly reject_rate: number;
    readonly error_rate: number;
    readonly reason: string | null;
    readonly before: { readonly decisions: number } | null;
  };
  readonly history: readonly { event: string; from: string; to: string | null; reason: string | null }[];
}

let upstream: Upstream;
let policyd: Policyd;
let quality = 0;
/** Another policy each time: none is refused for what another did. */
const policy = (): string => `
backends:
  server: { type: vllm, url: "${upstream.url}", models: { m: { quality: ${(++quality / 100).toFixed(2)} } } }
`;
const read = (): Promise<Status> => policyd.get<Status>('/v1/policy');

async function put(upload: unknown): Promise<{ status: number; body: Status & ErrorBody }> {
  const answer = await fetch(`${policyd.url}/v1/policy`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(upload),
  });
  return { status: answer.status, body: (await answer.json()) as Status & ErrorBody };
}

/** Sends requests, eight at a time, until told otherwise; how often which status came from which router. */
async function load(until: (sent: number) => boolean | Promise<boolean>): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  let sent = 0;
  let over = false;
  const worker = async (): Promise<void> => {
    while (!over) {
      const answer = await policyd.chat('m');
      await answer.arrayBuffer();
      const key = `${answer.status} ${answer.headers.get('x-nexus-policy')}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      if (await until(++sent)) over = true;
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return seen;
}

beforeAll(async () => {
  upstream = await Upstream.start();
  policyd = await Policyd.start(policy(), {
    args: ['--allow-upload', '--watch-window', '4s', '--watch-min-decisions', '500', '--log-level', 'error'],
  });
  await load((sent) => sent >= 100);
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});
beforeEach(() => {
  upstream.received.length = 0;
});

const FAULTS: [string, string, RegExp, string[]][] = [
  [
    'that takes 3 ms for a decision',
    'return { ...made, decide(...all) { if (real > 900) { const end = performance.now() + 3; while (performance.now() < end); } return made.decide(...all); } };',
    /99th percentile of its decisions took [\d.]+ µs/,
    ['200'],
  ],
  [
    'that turns everything away',
    'return { ...made, decide(...all) { return real > 900 ? -1 : made.decide(...all); } };',
    /[\d.]+ % of its requests were turned away/,
    ['200', '503'],
  ],
  [
    'that knows no names any more',
    'return { ...made, analyze(...all) { const intent = made.analyze(...all); if (real > 900) intent.problem = 1; return intent; } };',
    /[\d.]+ % of its requests were turned away/,
    ['200', '404'],
  ],
  [
    'that breaks down',
    'return { ...made, analyze(...all) { if (real > 900) throw new Error("planted"); return made.analyze(...all); } };',
    /[\d.]+ % of its requests failed/,
    ['200', '500'],
  ],
];

test.each(FAULTS)('a router %s is rolled back by itself, says why, and is not taken again', async (_, wrap, why, statuses) => {
  const good = (await put(toUpload(await compileText(policy())))).body.active.hash;
  await load((sent) => sent >= 100);
  // The self-test finds nothing; the fault shows after 900 requests.
  const bad = toUpload(await plant(policy(), wrap));
  expect((await put(bad)).status).toBe(200);
  const begun = Date.now();
  const seen = await load(async (sent) => sent % 50 === 0 && ((await read()).active.hash === good || Date.now() - begun > 20_000));
  const status = await read();
  expect(status.active.hash).toBe(good);
  expect(status.previous).toBeNull();
  expect(status.last_error).toMatchObject({ hash: bad.manifest.hash, message: expect.stringMatching(why) });
  expect(status.watch).toMatchObject({ state: 'rolled-back', hash: bad.manifest.hash });
  expect(status.history[0]).toMatchObject({ event: 'regressed', from: bad.manifest.hash, to: good });
  expect([...new Set([...seen.keys()].map((key) => key.split(' ')[0]))].sort()).toEqual(statuses);
  // What failed was decided by the bad one alone.
  for (const key of seen.keys()) if (!key.startsWith('200')) expect(key).toContain(bad.manifest.hash);
  const again = await put(bad);
  expect([again.status, again.body.error.message]).toEqual([422, expect.stringMatching(why)]);
  const rollback = await fetch(`${policyd.url}/v1/policy/rollback`, { method: 'POST' });
  expect(rollback.status).toBe(409);
  const after = await load((sent) => sent >= 50);
  expect([...after.keys()]).toEqual([`200 ${good}`]);
});

test('a good router is kept when its window ends, one that nobody asked is kept unjudged', async () => {
  const good = toUpload(await compileText(policy()));
  await put(good);
  await load((sent) => sent >= 800);
  await until(async () => (await read()).watch.state === 'kept', 'the end of the window');
  const kept = await read();
  expect(kept).toMatchObject({ active: { hash: good.manifest.hash }, watch: { reason: null } });
  expect(kept.history[0]).toMatchObject({ event: 'kept', to: good.manifest.hash });
  await put(toUpload(await compileText(policy())));
  await until(async () => (await read()).watch.state === 'kept', 'the end of the window');
  expect((await read()).watch.reason).toContain('too few decisions to judge it: 0 of 500');
});

test('a new artifact supersedes an open window, and stands against what could be measured', async () => {
  await put(toUpload(await compileText(policy())));
  await load((sent) => sent >= 100);
  const first = (await put(toUpload(await compileText(policy())))).body.active.hash;
  const second = await put(toUpload(await compileText(policy())));
  expect(second.body.history.slice(0, 2)).toMatchObject([{ event: 'superseded', from: first }, { event: 'swapped' }]);
  expect(second.body.watch).toMatchObject({ state: 'open', hash: second.body.active.hash });
  expect(second.body.watch.before!.decisions).toBeGreaterThanOrEqual(100);
});

test('a rollback by hand ends the window', async () => {
  await put(toUpload(await compileText(policy())));
  const answer = await fetch(`${policyd.url}/v1/policy/rollback`, { method: 'POST' });
  expect(((await answer.json()) as Status).watch).toMatchObject({ state: 'rolled-back', reason: 'rolled back by key none' });
});
