import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { plant, toUpload } from './plant.ts';
import { compileText, Policyd, until, writeArtifact } from './policyd.ts';

interface Report {
  readonly hash: string;
  readonly source: string;
  readonly decisions: number;
  readonly same: number;
  readonly different: number;
  readonly rejects: { readonly live: number; readonly shadow: number };
  readonly classes: readonly {
    readonly direction: string;
    readonly kind: string;
    readonly decisions: number;
    readonly examples: string[];
  }[];
  readonly skipped: Record<string, number>;
  readonly last_error: string | null;
}

let live: Upstream;
let elsewhere: Upstream;
let policyd: Policyd;
let folder: string;
const LIVE = (): string => `
backends:
  house: { type: vllm, url: "${live.url}", models: { m: {}, secret: {} } }
  cloud: { type: openai, url: "${live.url}", api_key_env: CLOUD_KEY, models: { big: { price: free }, secret: { price: free, quality: 0.9 } } }
traffic: [{ name: customers, match: { model: secret }, privacy: restricted }]
classifier: { code_block: 0.4 }
categories: { OTHER: { when: { score: "<0.3" }, objective: balanced }, CODE: { objective: quality } }
`;
/** Loosens privacy, takes a model away, adds one, and sends code to a backend whose key is not even set. */
const NEXT = (): string => `
backends:
  house: { type: vllm, url: "${live.url}", models: { m: {}, secret: {} } }
  cloud: { type: openai, url: "${live.url}", api_key_env: CLOUD_KEY, models: { secret: { price: free, quality: 0.9 }, fresh: { price: free } } }
  brand-new: { type: openai, url: "${elsewhere.url}", api_key_env: NOBODY_SET_THIS, models: { m: { price: free, quality: 0.99 } } }
traffic: [{ name: customers, match: { model: secret }, privacy: unrestricted }]
classifier: { code_block: 0.4 }
categories: { OTHER: { when: { score: "<0.3" }, objective: cost }, CODE: { objective: quality } }
`;
const put = async (upload: unknown): Promise<{ status: number; body: Record<string, unknown> }> => {
  const answer = await fetch(`${policyd.url}/v1/policy?mode=shadow`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(upload),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const read = (): Promise<Report> => policyd.get<Report>('/v1/policy/shadow');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shadow-'));
  live = await Upstream.start({ models: ['m', 'big', 'secret'] });
  elsewhere = await Upstream.start({ models: ['m'] });
  policyd = await Policyd.start(LIVE(), { args: ['--allow-upload', '--shadow', join(folder, 'next')], env: { CLOUD_KEY: 'sk' } });
});
afterAll(async () => {
  await policyd.stop();
  await live.stop();
  await elsewhere.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a shadow decides what the live router decides, tells the differences by class, and sends nothing', async () => {
  expect((await fetch(`${policyd.url}/v1/policy/shadow`)).status).toBe(404);
  const next = toUpload(await compileText(NEXT()));
  const { active } = await policyd.get<{ active: { hash: string } }>('/v1/policy');
  expect((await put(next)).body).toMatchObject({ active: { hash: active.hash }, shadow: { hash: next.manifest.hash, decisions: 0 } });
  const ask = async (id: string, model: string, content: string): Promise<void> => {
    const answer = await policyd.chat(model, { messages: [{ role: 'user', content }] }, { 'x-request-id': id });
    expect(answer.headers.get('x-nexus-policy') ?? active.hash).toBe(active.hash);
    await answer.arrayBuffer();
  };
  live.received.length = 0;
  for (let row = 0; row < 6; row++) {
    await ask(`plain-${row}`, 'm', 'hello');
    await ask(`code-${row}`, 'm', 'fix this:\n```\nlet a = 1\n```\n');
    await ask(`secret-${row}`, 'secret', '```\ncustomer\n```\n');
    await ask(`gone-${row}`, 'big', 'hello');
    await ask(`fresh-${row}`, 'fresh', 'hello');
  }
  await until(async () => (await read()).decisions === 30, 'the shadow to decide');
  const report = await read();
  expect(report).toMatchObject({ same: 0 + report.same, rejects: { live: 6, shadow: 6 }, last_error: null });
  expect(report.same + report.different).toBe(30);
  const found = (example: string) => report.classes.find(({ examples }) => examples.includes(example));
  expect(found('secret-0')).toMatchObject({
    direction: 'loosens',
    kind: 'cloud',
    policies: { live: 'customers', shadow: 'customers' },
    decisions: 6,
  });
  expect(found('code-0')).toMatchObject({ direction: 'loosens', kind: 'cloud', moves: [{ live: 'house/m', shadow: 'brand-new/m' }] });
  expect(found('gone-0')).toMatchObject({
    direction: 'tightens',
    kind: 'answer',
    moves: [{ live: 'cloud/big', shadow: null, decisions: 6 }],
  });
  expect(found('fresh-0')).toMatchObject({ direction: 'loosens', kind: 'cloud', policies: { live: null } });
  // Each request went out once; the backend that only the shadow has was not asked anything, not even how it is.
  expect(live.calls).toHaveLength(24);
  expect(elsewhere.received).toEqual([]);
  const last = (await (await fetch(`${policyd.url}/v1/policy/shadow`, { method: 'DELETE' })).json()) as Report;
  expect(last.decisions).toBe(30);
  expect((await fetch(`${policyd.url}/v1/policy/shadow`)).status).toBe(404);
  const { history } = await policyd.get<{ history: { event: string; from: string; to: string; reason: string }[] }>('/v1/policy');
  expect(history.slice(0, 2)).toMatchObject([
    { event: 'shadow-ended', from: next.manifest.hash, to: active.hash, reason: `${last.different} of 30 decisions differed` },
    { event: 'shadow-started', from: active.hash, to: next.manifest.hash },
  ]);
});

test('the same policy in the shadow never differs, whatever the world is like', async () => {
  expect((await put(toUpload(await compileText(`${LIVE()}\n# the same\n`)))).status).toBe(200);
  live.fault = { kind: 'status', status: 500 };
  for (let row = 0; row < 8; row++) await (await policyd.chat('m')).arrayBuffer();
  live.fault = null;
  for (let row = 0; row < 8; row++) await (await policyd.chat('secret')).arrayBuffer();
  await until(async () => (await read()).decisions === 16, 'the shadow to decide');
  expect(await read()).toMatchObject({ same: 16, different: 0, classes: [] });
});

test('a shadow that breaks down, or takes its time, breaks nothing', async () => {
  const wrap = 'return { ...made, decide(...all) { if (real > 300) throw new Error("planted"); return made.decide(...all); } };';
  expect((await put(toUpload(await plant(LIVE(), wrap)))).status).toBe(200);
  await until(async () => (await policyd.chat('m')).status === 200, 'the circuit to close');
  const statuses = new Set<number>();
  await Promise.all(Array.from({ length: 600 }, async () => statuses.add((await policyd.chat('m')).status)));
  await until(async () => (await read()).skipped.failed > 0, 'the shadow to fail');
  expect([...statuses]).toEqual([200]);
  expect((await read()).last_error).toBe('planted');
  const slow =
    'return { ...made, analyze(...all) { if (real > 300) { const end = performance.now() + 5; while (performance.now() < end); } return made.analyze(...all); } };';
  expect((await put(toUpload(await plant(`${LIVE()}\n# slow\n`, slow)))).status).toBe(200);
  const begun = performance.now();
  await Promise.all(Array.from({ length: 600 }, async () => statuses.add((await policyd.chat('m')).status)));
  expect([...statuses]).toEqual([200]);
  expect(performance.now() - begun).toBeLessThan(20_000);
  await fetch(`${policyd.url}/v1/policy/shadow`, { method: 'DELETE' });
});

test('the folder of --shadow is followed; a broken artifact in it leaves the shadow that is there', async () => {
  const next = await compileText(NEXT());
  writeArtifact(join(folder, 'next'), next);
  const { hash } = JSON.parse(next.get('manifest.json')!) as { hash: string };
  const shadowed = async (): Promise<string | undefined> =>
    (await policyd.get<{ shadow: { hash: string } | null }>('/v1/policy')).shadow?.hash;
  await until(async () => (await shadowed()) === hash, 'the shadow');
  const broken = new Map(next).set('router.js', 'return {};');
  writeArtifact(join(folder, 'next'), broken);
  await new Promise((resolve) => setTimeout(resolve, 800));
  expect(await shadowed()).toBe(hash);
  expect((await policyd.get<{ last_error: unknown }>('/v1/policy')).last_error).toBeNull();
  writeArtifact(join(folder, 'next'), await compileText(LIVE()));
  await until(async () => (await shadowed()) !== hash, 'another shadow');
});
