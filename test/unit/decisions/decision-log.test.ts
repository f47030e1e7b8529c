import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { sideOfArtifact } from '../../../compiler/diff/side.ts';
import { Replay } from '../../../compiler/replay/replay.ts';
import type { DecisionFacts } from '../../../runtime/decisions/decision-facts.ts';
import { DecisionLog, type DecisionLogOptions } from '../../../runtime/decisions/decision-log.ts';
import { DecisionRing } from '../../../runtime/decisions/decision-ring.ts';
import { isSampled } from '../../../runtime/decisions/is-sampled.ts';
import { writeDecisionLine } from '../../../runtime/decisions/write-decision-line.ts';
import type { DecisionLine } from '../../../schema/decision-line.ts';
import type { Live } from '../../../schema/router.ts';
import { UNMEASURED } from '../../../schema/snapshot.ts';
import { decide, type Served, serve } from './record.ts';

const POLICY = `
backends:
  box: { type: ollama, models: { small: { quality: 0.5 } } }
  cloud: { type: openai, api_key_env: OPENAI_API_KEY, models: { large: { quality: 0.9, price: { input: 1, output: 4 } } } }
auto: { auto: { candidates: ["*"] } }
traffic: [{ name: inside, match: { model: small }, privacy: restricted }]
categories: { EASY: { when: { input_tokens: "<100" }, objective: cost }, HARD: { objective: quality } }
`;

let router: Served;
let folder: string;
beforeAll(async () => {
  const { artifact } = await compile([{ file: 'policies/p.yaml', text: POLICY }]);
  router = serve(artifact!.files);
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'decisions-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const logs: DecisionLog[] = [];
afterAll(async () => void (await Promise.all(logs.map((log) => log.close()))));

const open = (options: Partial<DecisionLogOptions> = {}): DecisionLog => {
  const log = new DecisionLog({ folder, sample: 1, maxBytes: 1 << 20, keep: 3, maxWaiting: 1 << 20, ...options });
  logs.push(log);
  return log;
};
const lay = (epoch: number): Live =>
  router.module.lay(router.module.rank({ epoch, targets: router.manifest.targets.map(() => UNMEASURED), budgets: [] }));
const ask = (live: Live, requestId: string, model = 'auto', tokens = 20): DecisionFacts =>
  decide(
    router,
    live,
    {
      body: { endpoint: 'chat', model, maxOutputTokens: null, answers: 1, tools: 0, required: 1, text: () => '' },
      hints: { strict: false, flexible: false, category: null, class: null },
      caller: 0,
      tokens,
    },
    { requestId },
  )!;
const put = (log: DecisionLog, facts: DecisionFacts): void =>
  log.append(facts, writeDecisionLine(facts, log.nameOrder(facts.live), log.sample));
const read = (name = 'decisions.jsonl'): string => readFileSync(join(folder, name), 'utf8');
const replay = (text: string) => {
  const side = sideOfArtifact('a', router.manifest, router.module);
  const made = new Replay(side, [side]);
  for (const line of text.split('\n').filter((row) => row !== '')) made.take(line);
  return made.report();
};

test('a decision stands under its order; what is asked of names is there for people; nothing of the prompt is', async () => {
  const log = open();
  const live = lay(7);
  put(log, ask(live, 'one', 'small'));
  put(log, ask(live, 'two', 'auto', 500));
  await log.close();
  const lines = read()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ kind }) => kind)).toEqual(['order', 'decision', 'decision']);
  expect(lines[0]).toMatchObject({ targets: ['box/small', 'cloud/large'], measured: [{}, {}], epoch: 7, order: lines[1].order });
  expect(lines[1]).toMatchObject({
    request_id: 'one',
    model: 'small',
    backend: 'box',
    target: 'box/small',
    zone: 'restricted',
    policy: 'inside',
    category: 'EASY',
    caller: null,
    decision: 'route',
    cost_usd: 0,
  });
  expect(lines[2]).toMatchObject({ target: 'cloud/large', zone: 'open', category: 'HARD', policy: 'everything-else', cost_usd: 0.0025 });
  expect(statSync(join(folder, 'decisions.jsonl')).mode & 0o777).toBe(0o600);
  expect(log).toMatchObject({ written: 2, dropped: 0, lastError: null });
});

test('files turn over by size, as many as are kept, and each stands alone', async () => {
  const log = open({ maxBytes: 6_000, keep: 2 });
  const live = lay(1);
  for (let at = 0; at < 60; at++) {
    put(log, ask(live, `r-${at}`));
    if (at % 9 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await log.close();
  expect(readdirSync(folder).sort()).toEqual(['decisions.1.jsonl', 'decisions.2.jsonl', 'decisions.jsonl']);
  for (const name of readdirSync(folder)) {
    expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(6_000);
    const { exact, skipped } = replay(read(name));
    expect(exact.decisions).toBeGreaterThan(0);
    expect([exact.different, ...Object.values(skipped)]).toEqual([0, 0, 0, 0]);
  }
  const kept = ['decisions.2.jsonl', 'decisions.1.jsonl', 'decisions.jsonl'].flatMap((name) => read(name).match(/"request_id":"r-\d+"/g));
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, at) => `"request_id":"r-${60 - kept.length + at}"`));
  expect(log.written).toBe(60);
});

test('a log is gone on with; half a line, of a crash, is cut off', async () => {
  const first = open();
  put(first, ask(lay(1), 'before'));
  await first.close();
  writeFileSync(join(folder, 'decisions.jsonl'), `${read()}{"kind":"decision","for`);
  const second = open();
  put(second, ask(lay(1), 'after'));
  await second.close();
  const { exact, skipped } = replay(read());
  expect([exact.decisions, exact.different, ...Object.values(skipped)]).toEqual([2, 0, 0, 0, 0]);
});

test('a full disk costs lines, which are counted, and the log goes on when there is room again', async () => {
  symlinkSync('/dev/full', join(folder, 'decisions.jsonl'));
  const log = open();
  const live = lay(1);
  for (let at = 0; at < 5; at++) put(log, ask(live, `lost-${at}`));
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect([log.dropped, log.written]).toEqual([5, 0]);
  expect(log.lastError).toContain('ENOSPC');
  rmSync(join(folder, 'decisions.jsonl'));
  put(log, ask(live, 'kept'));
  await log.close();
  expect([log.dropped, log.written]).toEqual([5, 1]);
  expect(replay(read()).exact).toMatchObject({ decisions: 1, different: 0 });
});

test('what waits for the disk is bounded', async () => {
  const log = open({ maxWaiting: 10_000 });
  const live = lay(1);
  for (let at = 0; at < 100; at++) put(log, ask(live, `r-${at}`));
  expect(log.dropped).toBeGreaterThan(80);
  await log.close();
  expect(log.written + log.dropped).toBe(100);
  expect(read().length).toBeLessThanOrEqual(10_000);
  put(log, ask(live, 'late'));
  expect(log.written + log.dropped).toBe(101);
});

test('a request is logged or not by its id alone, in the share that is asked for', async () => {
  const ids = Array.from({ length: 20_000 }, (_, at) => `req-${at}`);
  for (const rate of [0.01, 0.1, 0.5]) {
    const share = ids.filter((id) => isSampled(id, rate)).length / ids.length;
    // Five standard deviations of a binomial share.
    expect(Math.abs(share - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / ids.length));
    expect(ids.filter((id) => isSampled(id, rate)).every((id) => isSampled(id, rate * 1.5))).toBe(true);
  }
  expect([isSampled('any', 1), isSampled('any', 0)]).toEqual([true, false]);
  const log = open({ sample: 0.25 });
  const live = lay(1);
  for (const id of ids.slice(0, 400)) put(log, ask(live, id));
  await log.close();
  const lines = read()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as DecisionLine);
  expect(lines.slice(1).map(({ request_id }) => request_id)).toEqual(ids.slice(0, 400).filter((id) => isSampled(id, 0.25)));
  expect(lines[1].sample).toBe(0.25);
});

test('the ring keeps the last ones and finds them by what people ask for', () => {
  const ring = new DecisionRing(4);
  const live = lay(1);
  for (const [id, model, tokens] of [
    ['a', 'small', 20],
    ['b', 'auto', 20],
    ['c', 'auto', 500],
    ['d', 'small', 500],
    ['e', 'auto', 900],
  ] as const)
    ring.add(writeDecisionLine(ask(live, id, model, tokens), 'o', 1));
  const ids = (lines: readonly string[]): string[] => lines.map((line) => (JSON.parse(line) as DecisionLine).request_id);
  expect(ids(ring.read({}, 10))).toEqual(['b', 'c', 'd', 'e']);
  expect(ids(ring.read({}, 2))).toEqual(['d', 'e']);
  expect(ids(ring.read({ backend: 'cloud' }, 10))).toEqual(['c', 'e']);
  expect(ids(ring.read({ policy: 'inside' }, 10))).toEqual(['d']);
  expect(ids(ring.read({ category: 'EASY', decision: 'route' }, 10))).toEqual(['b']);
  expect(ids(ring.read({ since: Date.now() + 1 }, 10))).toEqual([]);
  expect(new DecisionRing(0).read({}, 10)).toEqual([]);
});
