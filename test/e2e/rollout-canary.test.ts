import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { plant, toUpload } from './plant.ts';
import { compileText, type ErrorBody, Policyd, until } from './policyd.ts';

interface Status {
  readonly active: { readonly hash: string };
  readonly last_error: { readonly message: string; readonly hash: string | null } | null;
  readonly canary: {
    readonly hash: string;
    readonly state: string;
    readonly percent: number;
    readonly keys: { readonly canary: number; readonly all: number };
    readonly decisions: number;
    readonly reason: string | null;
    readonly live: { readonly decisions: number };
  } | null;
  readonly history: readonly {
    readonly event: string;
    readonly from: string;
    readonly to: string | null;
    readonly reason: string | null;
  }[];
}

const CALLERS = Array.from({ length: 40 }, (_, row) => `caller-${row}`);
const keyOf = (name: string): string => `sk-${name}`;
const keys = CALLERS.map(
  (name) => `  ${name}: { sha256: "${createHash('sha256').update(keyOf(name)).digest('hex')}", scopes: [llm:invoke] }`,
);
const ADMIN = { authorization: 'Bearer sk-admin', 'content-type': 'application/json' };

let upstream: Upstream;
let cloud: Upstream;
let policyd: Policyd;
let made = 0;
/** Every eighth request asks for `never`, which nothing serves: rejects are part of ordinary traffic. */
const policy = (more: { price?: number; never?: string } = {}): string => `
# ${++made}
backends:
  house: { type: vllm, url: "${upstream.url}", models: { m: { quality: ${(0.3 + (made % 60) / 100).toFixed(2)} } } }
  cloud: { type: openai, url: "${cloud.url}", api_key_env: CLOUD_KEY, models: { paid: { price: { input: 0, output: ${more.price ?? 10} } }, never: { price: { input: 0, output: 1000 } } } }
traffic: [{ name: dear, match: { model: [${more.never ?? 'never'}] }, max_cost_per_request: 0.000001 }]
keys:
${keys.join('\n')}
  admin: { sha256: "${createHash('sha256').update('sk-admin').digest('hex')}", scopes: [llm:invoke, admin] }
`;
const read = (): Promise<Status> => policyd.get<Status>('/v1/policy', ADMIN);
const send = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: Status & ErrorBody }> => {
  const answer = await fetch(policyd.url + path, {
    method,
    headers: body === undefined ? { authorization: ADMIN.authorization } : ADMIN,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Status & ErrorBody };
};
const put = (upload: unknown, query = ''): ReturnType<typeof send> => send('PUT', `/v1/policy${query}`, upload);

interface Seen {
  /** Hashes by caller. */
  readonly sides: Map<string, Set<string>>;
  /** Answers that are neither 200 nor the reject of `never`. */
  readonly failed: string[];
  sent: number;
}

/** All callers in turn, eight at a time. */
async function load(
  over: (sent: number) => boolean | Promise<boolean>,
  pick: (row: number) => string = (row) => (row % 8 === 7 ? 'never' : 'm'),
): Promise<Seen> {
  const seen: Seen = { sides: new Map(), failed: [], sent: 0 };
  let ended = false;
  const worker = async (): Promise<void> => {
    while (!ended) {
      const row = seen.sent++;
      const caller = CALLERS[(row * 7) % CALLERS.length];
      const model = pick(Math.floor(row / CALLERS.length) + row);
      const answer = await policyd.chat(model, { max_tokens: 100 }, { authorization: `Bearer ${keyOf(caller)}` });
      await answer.arrayBuffer();
      const hash = answer.headers.get('x-nexus-policy')!;
      seen.sides.set(caller, (seen.sides.get(caller) ?? new Set()).add(hash));
      const isRejected = answer.status === 503 && answer.headers.has('x-nexus-rejection-reasons') && model !== 'm';
      if (answer.status !== 200 && !isRejected) seen.failed.push(`${answer.status} ${model} ${hash}`);
      if (await over(row)) ended = true;
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return seen;
}

const isOver = async (sent: number): Promise<boolean> => sent % 40 === 0 && !['open', 'passed'].includes((await read()).canary!.state);

beforeAll(async () => {
  upstream = await Upstream.start({ models: ['m'] });
  cloud = await Upstream.start({ models: ['paid', 'never'] });
  policyd = await Policyd.start(policy(), {
    args: ['--watch-window', '20s', '--canary-min-decisions', '200', '--log-level', 'error'],
    env: { CLOUD_KEY: 'sk-cloud' },
  });
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
  await cloud.stop();
});
beforeEach(() => {
  upstream.received.length = 0;
  cloud.received.length = 0;
});

test('callers stay on their side; more of them move when the share is raised, all when it is promoted, none when it is aborted', async () => {
  const live = (await read()).active.hash;
  const next = toUpload(await compileText(policy()));
  const started = await put(next, '?canary=25');
  const { hash } = next.manifest;
  expect(started.body).toMatchObject({ active: { hash: live }, canary: { hash, state: 'open', percent: 25 } });
  const sideOf = (seen: Seen): Map<string, string> => new Map([...seen.sides].map(([caller, sides]) => [caller, [...sides].join()]));
  const first = await load((sent) => sent >= 400);
  const sides = sideOf(first);
  const on = [...sides].filter(([, side]) => side === hash).map(([caller]) => caller);
  expect(new Set(sides.values())).toEqual(new Set([live, hash]));
  // The administrator's key is one of those that are dealt out, and asks for nothing here.
  const { canary, all } = started.body.canary!.keys;
  expect(all).toBe(CALLERS.length + 1);
  expect([canary, canary - 1]).toContain(on.length);
  expect(on.length).toBeGreaterThan(3);
  expect(on.length).toBeLessThan(20);
  const raised = await send('PUT', '/v1/policy/canary', { percent: 60 });
  expect(raised.body.canary).toMatchObject({ percent: 60, state: 'open' });
  const second = sideOf(await load((sent) => sent >= 400));
  expect(new Set(second.values())).toEqual(new Set([live, hash]));
  for (const caller of on) expect(second.get(caller)).toBe(hash);
  expect([...second.values()].filter((side) => side === hash).length).toBeGreaterThan(on.length);
  const aborted = await send('DELETE', '/v1/policy/canary');
  expect(aborted.body).toMatchObject({ active: { hash: live }, canary: { state: 'aborted' } });
  expect(new Set(sideOf(await load((sent) => sent >= 100)).values())).toEqual(new Set([live]));
  expect((await send('DELETE', '/v1/policy/canary')).status).toBe(409);
  // One that was taken away by hand may come again; what is put for all is no canary any more.
  await put(next, '?canary=25');
  const promoted = await send('PUT', '/v1/policy/canary', { percent: 100 });
  expect(promoted.body).toMatchObject({ active: { hash }, previous: { hash: live }, canary: { state: 'promoted' } });
  expect(new Set(sideOf(await load((sent) => sent >= 100)).values())).toEqual(new Set([hash]));
  const events = promoted.body.history.map(({ event, from, to }) => `${event} ${from === live} ${to === hash}`);
  expect(events.slice(0, 5)).toEqual([
    'canary-promoted true true',
    'canary-started true true',
    'canary-ended false false',
    'canary-resized true true',
    'canary-started true true',
  ]);
}, 60_000);

const FAULTS: readonly [string, () => Promise<unknown>, RegExp, ((row: number) => string)?][] = [
  [
    'whose router takes 3 ms for a decision',
    async () =>
      toUpload(
        await plant(
          policy(),
          'return { ...made, decide(...all) { if (real > 300) { const end = performance.now() + 3; while (performance.now() < end); } return made.decide(...all); } };',
        ),
      ),
    /99th percentile of its decisions took [\d.]+ µs, of the live router's/,
  ],
  [
    'that turns twice as many requests away',
    async () => toUpload(await compileText(policy({ never: 'never, paid' }))),
    /[\d.]+ % of its requests were turned away, of the live router's [\d.]+ %/,
    (row) => (row % 8 === 7 ? 'never' : row % 8 === 3 ? 'paid' : 'm'),
  ],
  [
    'that spends twice as much',
    async () => toUpload(await compileText(policy({ price: 20 }))),
    /a request costs \$[\d.]+, with the live router \$/,
    (row) => (row % 8 === 7 ? 'never' : 'paid'),
  ],
];

test.each(FAULTS)(
  'a canary %s is rolled back within its window; no request fails',
  async (_, make, why, pick) => {
    const good = (await read()).active.hash;
    const bad = (await make()) as { manifest: { hash: string } };
    expect((await put(bad, '?canary=40')).status).toBe(200);
    const begun = Date.now();
    const seen = await load(async (sent) => (await isOver(sent)) || Date.now() - begun > 20_000, pick);
    const status = await read();
    expect(status.canary).toMatchObject({ hash: bad.manifest.hash, state: 'rolled-back', reason: expect.stringMatching(why) });
    expect(Date.now() - begun).toBeLessThan(20_000);
    expect(status.active.hash).toBe(good);
    expect(status.history[0]).toMatchObject({ event: 'canary-regressed', from: bad.manifest.hash, to: good });
    expect(status.last_error).toMatchObject({ hash: bad.manifest.hash });
    expect(seen.failed).toEqual([]);
    const after = await load((sent) => sent >= 80);
    expect(new Set([...after.sides.values()].flatMap((sides) => [...sides]))).toEqual(new Set([good]));
    const again = await put(bad, '?canary=40');
    expect([again.status, again.body.error.message]).toEqual([422, expect.stringMatching(why)]);
  },
  60_000,
);

test('a canary that is as good passes its window, and goes on; whatever else is put in force ends it', async () => {
  const short = await Policyd.start(policy(), { args: ['--watch-window', '1s', '--canary-min-decisions', '20'], env: { CLOUD_KEY: 'sk' } });
  const outer = policyd;
  policyd = short;
  try {
    const next = toUpload(await compileText(policy()));
    await put(next, '?canary=50');
    await load((sent) => sent >= 200);
    await until(async () => (await read()).canary!.state === 'passed', 'the window to end');
    const passed = await read();
    expect(passed.canary).toMatchObject({ hash: next.manifest.hash, reason: null });
    expect(passed.history[0]).toMatchObject({ event: 'canary-passed', to: next.manifest.hash });
    const other = toUpload(await compileText(policy()));
    const swapped = await put(other);
    expect(swapped.body).toMatchObject({ active: { hash: other.manifest.hash }, canary: { state: 'superseded' } });
    const seen = await load((sent) => sent >= 80);
    expect(new Set([...seen.sides.values()].flatMap((sides) => [...sides]))).toEqual(new Set([other.manifest.hash]));
  } finally {
    policyd = outer;
    await short.stop();
  }
}, 60_000);

test('what is no share, and a canary that another one overtook, are refused', async () => {
  const next = toUpload(await compileText(policy()));
  for (const query of ['?canary=0', '?canary=101', '?canary=ten', '?mode=live', '?canary=5&mode=shadow', '?colour=red']) {
    expect([query, (await put(next, query)).status]).toEqual([query, 400]);
  }
  await put(next, '?canary=5');
  expect((await send('PUT', '/v1/policy/canary', { percent: 0 })).status).toBe(400);
  expect((await send('PUT', '/v1/policy/canary', { share: 10 })).status).toBe(400);
  const stale = await fetch(`${policyd.url}/v1/policy/canary`, {
    method: 'DELETE',
    headers: { authorization: ADMIN.authorization, 'if-match': '"another"' },
  });
  expect(stale.status).toBe(412);
  expect(
    (await fetch(`${policyd.url}/v1/policy/canary`, { method: 'DELETE', headers: { authorization: `Bearer ${keyOf('caller-1')}` } }))
      .status,
  ).toBe(403);
  await send('DELETE', '/v1/policy/canary');
});
