import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DecisionLine, OrderLine } from '../../schema/decision-line.ts';
import { Upstream } from '../upstreams/upstream.ts';
import { compileText, Policyd, until, writeArtifact } from './policyd.ts';

const POLICYC = fileURLToPath(new URL('../../compiler/cli/bin.js', import.meta.url));

let one: Upstream;
let two: Upstream;
let policyd: Policyd;
let folder: string;
/** A cheap target that fails at times, a dear one, and a budget that the dear one uses up. */
const policyOf = (quality: number): string => `
backends:
  one: { type: vllm, url: "${one.url}", priority: 90, models: { m: { quality: ${quality} } } }
  two: { type: openai, url: "${two.url}", api_key_env: CLOUD_KEY, models: { m: { quality: 0.4, price: { input: 0, output: 1000 } }, dear: { upstream: m, price: { input: 0, output: 1000 } } } }
traffic:
  - { name: inside, match: { model: dear }, privacy: unrestricted }
budgets: { all: { limit_usd: 0.05, hard_limit_action: block_cloud, soft_limit_percent: 40 } }
`;
const read = (name = 'decisions.jsonl'): string => readFileSync(join(folder, 'log', name), 'utf8');
const lines = (): (DecisionLine | OrderLine)[] =>
  read()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as DecisionLine | OrderLine);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rollout-'));
  one = await Upstream.start({ models: ['m'] });
  two = await Upstream.start({ models: ['m'] });
  policyd = await Policyd.start(policyOf(0.5), {
    args: ['--decision-log', join(folder, 'log'), '--queue-wait', '300', '--probe-interval', '200'],
    env: { CLOUD_KEY: 'sk-test' },
  });
});
afterAll(async () => {
  await policyd.stop();
  await one.stop();
  await two.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a log that was written through failovers, swaps and budgets that run out is made again exactly', async () => {
  const ASK = { max_tokens: 10 };
  const statuses = new Map<number, number>();
  const ask = async (model: string, times: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: times }, async () => {
        const answer = await policyd.chat(model, ASK);
        await answer.arrayBuffer();
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      }),
    );
  };
  const hashes: string[] = [];
  writeArtifact(join(folder, 'first'), await compileText(policyOf(0.5)));
  writeArtifact(join(folder, 'second'), await compileText(policyOf(0.6)));
  hashes.push((await policyd.get<{ active: { hash: string } }>('/v1/policy')).active.hash);
  await ask('m', 20);
  one.fault = { kind: 'status', status: 500 };
  await ask('m', 3);
  one.fault = { kind: 'reset' };
  await ask('m', 3);
  one.fault = null;
  await policyd.rewrite(policyOf(0.6));
  await until(async () => {
    const { active } = await policyd.get<{ active: { hash: string } }>('/v1/policy');
    return active.hash !== hashes[0] && hashes.push(active.hash);
  }, 'the swap');
  // Each costs a hundredth of a dollar at most: the soft limit comes, then the hard one.
  for (let round = 0; round < 10; round++) await ask('dear', 2);
  await ask('m', 20);
  await policyd.rewrite(policyOf(0.5));
  await until(async () => (await policyd.get<{ active: { hash: string } }>('/v1/policy')).active.hash === hashes[0], 'the swap back');
  await ask('m', 5);
  const requests = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  const told = (): Set<string> => new Set(lines().flatMap((line) => (line.kind === 'decision' ? [line.request_id] : [])));
  await until(() => told().size === requests, 'the log to be written');

  const decisions = lines().filter((line): line is DecisionLine => line.kind === 'decision');
  const orders = lines().filter((line): line is OrderLine => line.kind === 'order');
  // It holds what it is about: requests that were decided more than once, both routers, rejections, statuses that changed.
  expect(new Set(decisions.map(({ router }) => router))).toEqual(new Set(hashes));
  expect(decisions.filter(({ excluded }) => excluded.length > 0).length).toBeGreaterThan(3);
  expect(decisions.filter(({ decision }) => decision === 'reject').length).toBeGreaterThan(3);
  expect(new Set(decisions.map(({ budgets }) => budgets)).size).toBeGreaterThan(1);
  expect(new Set(decisions.map(({ state }) => state)).size).toBeGreaterThan(1);
  expect(decisions.length).toBeGreaterThan(requests);
  // An order stands once in the file, before its decisions.
  expect(new Set(orders.map(({ order }) => order)).size).toBe(orders.length);
  expect(statSync(join(folder, 'log/decisions.jsonl')).mode & 0o777).toBe(0o600);
  expect(read()).not.toContain('sk-test');
  expect(read()).not.toContain('hello there');

  const made = new Map(hashes.map((hash) => [hash, decisions.filter(({ router }) => router === hash).length]));
  for (const name of ['first', 'second']) {
    const { hash } = JSON.parse(readFileSync(join(folder, name, 'manifest.json'), 'utf8')) as { hash: string };
    const own = execFileSync(
      process.execPath,
      [POLICYC, 'replay', join(folder, 'log/decisions.jsonl'), '--artifact', join(folder, name), '--format', 'json'],
      { encoding: 'utf8' },
    );
    expect(JSON.parse(own)).toMatchObject({ exact: { decisions: made.get(hash), different: 0 } });
  }
  // A log that says otherwise is found out.
  const forged = join(folder, 'forged.jsonl');
  const at = decisions.findIndex(({ router, code }) => router === hashes[0] && code >= 0);
  const { request_id } = decisions[at];
  writeFileSync(forged, read().replace(new RegExp(`("request_id":"${request_id}".*?"code":)\\d+`), '$1-1'));
  expect(() =>
    execFileSync(process.execPath, [POLICYC, 'replay', forged, '--artifact', join(folder, 'first')], { stdio: 'pipe' }),
  ).toThrow();
}, 60_000);

test('recent decisions are told as lines, by what is asked of them', async () => {
  await (await policyd.chat('m', {}, { 'x-request-id': 'told' })).arrayBuffer();
  const all = await fetch(`${policyd.url}/v1/decisions?limit=20`);
  expect(all.headers.get('content-type')).toContain('application/x-ndjson');
  const found = (await all.text()).trim().split('\n');
  expect(found).toHaveLength(20);
  expect(JSON.parse(found.at(-1)!)).toMatchObject({ request_id: 'told', kind: 'decision' });
  const rejected = (await (await fetch(`${policyd.url}/v1/decisions?decision=reject&model=dear&limit=2`)).text()).trim().split('\n');
  expect(rejected.map((line) => JSON.parse(line) as DecisionLine)).toMatchObject([{ decision: 'reject' }, { model: 'dear' }]);
  expect(await (await fetch(`${policyd.url}/v1/decisions?since=2100-01-01`)).text()).toBe('');
  const wrong = await fetch(`${policyd.url}/v1/decisions?decision=maybe&limit=0&colour=red&since=soon`);
  expect(wrong.status).toBe(400);
  for (const part of ['decision', 'limit', 'colour', 'since']) expect(await wrong.clone().text()).toContain(`\`${part}\``);
});

test('why a decision came out as it did is told by the router that made it, in the world that it saw', async () => {
  await until(async () => (await policyd.chat('m')).headers.get('x-nexus-backend') === 'one', 'the circuit to close');
  one.fault = { kind: 'status', status: 500 };
  await (await policyd.chat('m', {}, { 'x-request-id': 'a/failover' })).arrayBuffer();
  one.fault = null;
  const body = await policyd.get<Explained>('/v1/decisions/a%2Ffailover');
  expect(body.decisions.length).toBeGreaterThan(1);
  for (const { reproduced, missing } of body.decisions) expect({ reproduced, missing }).toEqual({ reproduced: true, missing: null });
  const [first, last] = [body.decisions[0], body.decisions.at(-1)!];
  expect(first.explanation).toMatchObject({ decision: { decision: 'route', target: 'one/m' } });
  expect(first.explanation).toMatchObject({
    intent: { requested_model: 'm', privacy_constraint: 'unrestricted', candidates: ['one/m', 'two/m'], exclusions: [] },
    links: [{ model: 'm', order: ['one/m', 'two/m'] }],
  });
  const out = last.explanation.links.flatMap(({ stages }) => stages.flatMap(({ excluded }) => excluded));
  const place = expect.objectContaining({ file: 'policies/policy.yaml', line: 3 });
  expect(out).toContainEqual(expect.objectContaining({ target: 'one/m', axis: 'excluded', place }));
  // Another policy serves now: the one that decided is held as the one before.
  const { active } = await policyd.get<{ active: { hash: string } }>('/v1/policy');
  await policyd.rewrite(policyOf(0.7));
  await until(async () => (await policyd.get<{ active: { hash: string } }>('/v1/policy')).active.hash !== active.hash, 'the swap');
  expect((await policyd.get<Explained>('/v1/decisions/a%2Ffailover')).decisions[0].reproduced).toBe(true);
  const { history } = await policyd.get<History>('/v1/policy');
  const { recent } = history.find(({ event }) => event === 'swapped')!;
  expect(recent!.decisions).toBeGreaterThan(20);
  expect(recent).toMatchObject({ different: 0, rejects_after: recent!.rejects_before });
  expect((await fetch(`${policyd.url}/v1/decisions/nobody`)).status).toBe(404);
});

test('what a new policy makes of the requests that are remembered stands in the event of its swap', async () => {
  const { active } = await policyd.get<{ active: { hash: string } }>('/v1/policy');
  // The model that was asked for is gone.
  await policyd.rewrite(policyOf(0.7).replaceAll('{ m:', '{ n:'));
  await until(async () => (await policyd.get<{ active: { hash: string } }>('/v1/policy')).active.hash !== active.hash, 'the swap');
  const { history } = await policyd.get<History>('/v1/policy');
  const { recent } = history.find(({ event, from }) => event === 'swapped' && from === active.hash)!;
  expect(recent!.different).toBeGreaterThan(20);
  expect(recent!.tightened).toBe(recent!.different);
  expect(recent!.rejects_after).toBe(recent!.rejects_before + recent!.different);
  await policyd.rewrite(policyOf(0.7));
  await until(async () => (await policyd.get<{ active: { hash: string } }>('/v1/policy')).active.hash === active.hash, 'the swap back');
});

test('decisions come as events to who asks for a stream; the stream ends with the server', async () => {
  const leaving = new AbortController();
  const stream = await fetch(`${policyd.url}/v1/decisions?request_id=watched`, {
    headers: { accept: 'text/event-stream' },
    signal: leaving.signal,
  });
  expect(stream.headers.get('content-type')).toContain('text/event-stream');
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  await (await policyd.chat('dear', {}, { 'x-request-id': 'another' })).arrayBuffer();
  await (await policyd.chat('m', {}, { 'x-request-id': 'watched' })).arrayBuffer();
  let text = '';
  while (!text.includes('\n\n')) {
    const { value, done } = await reader.read();
    expect(done, policyd.output.slice(-2_000)).toBe(false);
    text += value;
  }
  const [, data] = /^data: (.*)\n\n/.exec(text)!;
  expect(JSON.parse(data)).toMatchObject({ request_id: 'watched' });
  const readers = async (): Promise<string> =>
    (await (await fetch(`${policyd.url}/metrics`)).text()).match(/^policyd_decision_readers \d+/m)![0];
  expect(await readers()).toBe('policyd_decision_readers 1');
  leaving.abort();
  await until(async () => (await readers()) === 'policyd_decision_readers 0', 'the reader to be gone');
  const last = await fetch(`${policyd.url}/v1/decisions`, { headers: { accept: 'text/event-stream' } });
  const begun = performance.now();
  const [code] = await Promise.all([policyd.stop(), last.text()]);
  expect([code, performance.now() - begun < 3_000]).toEqual([0, true]);
});

interface Explained {
  readonly decisions: readonly {
    readonly reproduced: boolean | null;
    readonly missing: string | null;
    readonly explanation: { readonly links: readonly { readonly stages: readonly { readonly excluded: readonly object[] }[] }[] };
  }[];
}

interface History {
  readonly history: readonly {
    readonly event: string;
    readonly from: string;
    readonly recent:
      | ({ readonly decisions: number; readonly different: number; readonly tightened: number } & Record<string, number>)
      | null;
  }[];
}
