import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { compileText, type ErrorBody, Policyd, until, writeArtifact } from '../policyd.ts';
import { MarkFile } from './mark-file.ts';
import { callerOf, type JobView, policyOf, type Refusal } from './workloads-api.ts';

/** What is told of workloads, and how they are ended before their time. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const POLICY = `${policyOf('protected: ["db-*"]')}
keys:
  red: { sha256: "${hash('red')}", scopes: [read:jobs, write:jobs] }
  blue: { sha256: "${hash('blue')}", scopes: [read:jobs, write:jobs] }
  operator: { sha256: "${hash('operator')}", scopes: [read:jobs, write:jobs, admin] }
`;
const NEEDS = { cpu: 0.01, memory: '4MiB' };
const NOWHERE = '00000000-0000-7000-8000-000000000000';

let home: string;
let policyd: Policyd;
let marks: MarkFile;
const [red, blue, operator] = ['red', 'blue', 'operator'].map((key) => callerOf(() => policyd, key));

async function start(): Promise<void> {
  policyd = await Policyd.run(home, join(home, 'generated'), { args: ['--pool-lease', '1s'] });
}
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'policyd-jobs-'));
  writeArtifact(join(home, 'generated'), await compileText(POLICY));
  await start();
});
afterAll(async () => {
  await policyd.stop();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(() => {
  marks = new MarkFile();
});
afterEach(() => marks.remove());

const long = (name: string) => ({ name, command: marks.command(name, 'sleep 600'), resources: NEEDS });

async function running(name: string): Promise<JobView> {
  const { body } = await red.schedule(long(name));
  return red.reach(body.job_id, ['running']);
}

interface Page {
  readonly items: readonly JobView[];
  readonly next_cursor: number | null;
}

test('lists are filtered, go page by page without a gap, and hold the own jobs only', async () => {
  const own: string[] = [];
  for (let i = 0; i < 5; i++)
    own.unshift((await red.schedule({ name: `list-${i % 2}`, command: ['/bin/true'], resources: NEEDS })).body.job_id);
  const { body: foreign } = await blue.schedule({ name: 'list-0', command: ['/bin/true'], resources: NEEDS });
  for (const id of own) await red.end(id);
  await blue.end(foreign.job_id);
  const seen: string[] = [];
  for (let cursor: number | null = null; ; ) {
    const { items, next_cursor }: Page = (
      await red.get<Page>(`/v1/jobs?limit=2&status=succeeded${cursor === null ? '' : `&cursor=${cursor}`}`)
    ).body;
    seen.push(...items.map(({ job_id }) => job_id));
    if (next_cursor === null) break;
    cursor = next_cursor;
  }
  expect(seen).toEqual(own);
  const named = (await red.get<Page>('/v1/jobs?name=list-0')).body.items;
  expect(named.map(({ job_id }) => job_id)).toEqual([own[0], own[2], own[4]]);
  const all = (await operator.get<Page>('/v1/jobs?name=list-0')).body.items;
  expect(all.map(({ job_id }) => job_id)).toEqual([foreign.job_id, own[0], own[2], own[4]]);
  expect((await red.get<Refusal>('/v1/jobs?limit=0&status=odd')).body.fields!.map(({ path }) => path).toSorted()).toEqual([
    'limit',
    'status',
  ]);
  for (const path of [`/v1/jobs/${NOWHERE}`, '/v1/jobs/x', `/v1/jobs/${foreign.job_id}`]) {
    expect((await red.get<ErrorBody>(path)).body.error.code, path).toBe('unknown_job');
  }
});

test('a job tells its runs and its history; GET /pods tells the same run, to who may know', async () => {
  const view = await running('told');
  expect(view.history.map(({ event }) => event)).toEqual(['queued', 'assigned']);
  expect(view.runs).toMatchObject([{ pod_id: view.pod_id, phase: 'running', node: 'local' }]);
  const mine = (pods: readonly { id: string }[]) => pods.filter(({ id }) => id === view.pod_id);
  expect(mine(await red.pods())).toMatchObject([{ job_id: view.job_id, name: 'told', phase: 'running', node: 'local' }]);
  expect(mine(await operator.pods())).toHaveLength(1);
  expect(await blue.pods()).toEqual((await blue.pods()).filter(({ name }) => name.startsWith('list-')));
  await red.post(`/v1/jobs/${view.job_id}/cancel`, {});
  await red.end(view.job_id);
});

test('GET /v1/nodes tells what is free, to who may know: all with the scope admin, else those of own jobs until they end', async () => {
  const [before] = await operator.nodes();
  expect(before).toMatchObject({ name: 'local', kind: 'local', reachable: true, cordoned: false, forms: ['process'] });
  expect(before.labels.os).toBe('linux');
  const { body } = await red.schedule({ ...long('placed'), resources: { cpu: 0.05, memory: '4MiB' } });
  await red.reach(body.job_id, ['running']);
  const [node] = await red.nodes();
  expect({ ...node, free: null, load: null }).toEqual({ ...before, free: null, load: null });
  expect(before.free.cpu_millis - node.free.cpu_millis).toBe(50);
  expect(await blue.nodes()).toEqual([]);
  await red.post(`/v1/jobs/${body.job_id}/cancel`, {});
  await red.end(body.job_id);
  expect(await red.nodes()).toEqual([]);
  expect((await operator.nodes()).map(({ name }) => name)).toEqual(['local']);
});

test('a running job is cancelled: asked, then ended; again is no error, after another end it is', async () => {
  const view = await running('cancelled');
  const asked = await red.post<JobView>(`/v1/jobs/${view.job_id}/cancel`, { reason: 'a change of mind' });
  expect([asked.status, asked.body.stopping]).toEqual([202, true]);
  expect(await red.end(view.job_id)).toMatchObject({ status: 'cancelled', reason: 'a change of mind', stopping: false });
  expect((await red.post(`/v1/jobs/${view.job_id}/cancel`, {})).status).toBe(200);
  const { body } = await red.schedule({ name: 'short', command: ['/bin/true'], resources: NEEDS });
  await red.end(body.job_id);
  const late = await red.post<ErrorBody & Refusal>(`/v1/jobs/${body.job_id}/cancel`, {});
  expect([late.status, late.body.error.code, late.body.reasons]).toEqual([409, 'ended', [{ code: 'ended', status: 'succeeded' }]]);
  expect((await red.post(`/v1/jobs/${NOWHERE}/cancel`, {})).status).toBe(404);
  expect((await red.post(`/v1/jobs/${body.job_id}/cancel`, { why: 1 })).status).toBe(422);
});

test('evictions: done, refused for what is protected, unknown, foreign or over', async () => {
  const [plain, guarded] = [await running('plain'), await running('db-main')];
  const evict = (pod: string | null, caller = red) =>
    caller.post<{ error: { code: string }; result: string }>('/evict', { pod_id: pod, reason: 'a test' });
  expect((await red.post('/evict', { pod_id: plain.pod_id })).status).toBe(422);
  const kept = await evict(guarded.pod_id);
  expect([kept.status, kept.body.error.code]).toEqual([409, 'protected']);
  expect((await evict(guarded.pod_id, operator)).status).toBe(409);
  for (const pod of [`${NOWHERE}-1`, 'x', `${plain.job_id}-2`, `${plain.job_id}-01`]) expect((await evict(pod)).status, pod).toBe(404);
  expect((await evict(plain.pod_id, blue)).status).toBe(404);
  const done = await evict(plain.pod_id);
  expect([done.status, done.body.result]).toEqual([200, 'stopped']);
  expect(await red.end(plain.job_id)).toMatchObject({ status: 'evicted', reason: 'a test', attempts: 1 });
  const over = await evict(plain.pod_id);
  expect([over.status, over.body.error.code]).toEqual([409, 'ended']);
  expect(await red.job(guarded.job_id)).toMatchObject({ status: 'running' });
  await red.post(`/v1/jobs/${guarded.job_id}/cancel`, {});
  await red.end(guarded.job_id);
});

test('what runs goes on over a restart, and over SIGKILL with a cancellation under way', async () => {
  const [one, two] = [await running('one'), await running('two')];
  expect(await policyd.stop()).toBe(0);
  await start();
  expect(await red.reach(one.job_id, ['running'])).toMatchObject({ attempts: 1, pod_id: one.pod_id });
  expect((await red.post(`/v1/jobs/${two.job_id}/cancel`, { reason: 'no more' })).status).toBe(202);
  policyd.process.kill('SIGKILL');
  await until(() => policyd.process.signalCode !== null, 'its end');
  await start();
  expect(await red.end(two.job_id)).toMatchObject({ status: 'cancelled', reason: 'no more', attempts: 1 });
  expect(await red.job(one.job_id)).toMatchObject({ status: 'running', attempts: 1 });
  await red.post(`/v1/jobs/${one.job_id}/cancel`, {});
  await red.end(one.job_id);
  expect(marks.counts).toEqual(
    new Map([
      ['one', 1],
      ['two', 1],
    ]),
  );
});

test('what is counted says what happened', async () => {
  const metrics = await (await fetch(`${policyd.url}/metrics`, { headers: { authorization: 'Bearer operator' } })).text();
  expect(metrics).toMatch(/policyd_workload_jobs\{status="cancelled"\} [1-9]/);
  expect(metrics).toMatch(/policyd_workload_jobs\{status="running"\} 0/);
  await red.schedule({ name: 'big', command: ['x'], resources: { cpu: 1_000 } });
  const after = await (await fetch(`${policyd.url}/metrics`, { headers: { authorization: 'Bearer operator' } })).text();
  expect(after).toMatch(/policyd_workload_refusals_total\{code="no_node"\} 1/);
  expect(after).toMatch(/policyd_workload_accept_seconds_count/);
});
