import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { KubeServer } from '../../kube/kube-server.ts';
import { Policyd, until } from '../policyd.ts';
import { callerOf, policyOf } from './workloads-api.ts';

// Each test starts servers, and many run at once.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

const BIN = fileURLToPath(new URL('../../../runtime/bin.js', import.meta.url));
const SMALL = { cpu: 0.01, memory: '4MiB' };

let home: string;
let server: KubeServer;
let policyd: Policyd;
const caller = callerOf(() => policyd);

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'policyd-kube-'));
  server = await KubeServer.start();
  server.addNode('one', { cpu: '64', memory: '64Gi' });
  writeFileSync(join(home, 'kubeconfig'), server.kubeconfig());
});
afterEach(async () => {
  await policyd?.stop();
  await server.close();
  rmSync(home, { recursive: true, force: true });
});

const args = (runners = 'kubernetes'): string[] => ['--runners', runners, '--kubeconfig', join(home, 'kubeconfig')];
const starts = (): string[] =>
  readFileSync(join(home, 'starts'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
/** Says that it began, and ends. */
const work = (name: string, more = '') => ({
  name,
  image: 'example.test/work:1',
  command: ['sh', '-c', `echo ${name} >> ${join(home, 'starts')}; ${more}`],
  resources: SMALL,
});

test('a workload that only a container can be runs in the cluster; what it said and how it ended is told', async () => {
  policyd = await Policyd.start(policyOf(), { args: args('local,kubernetes') });
  await until(
    async () => (await caller.schedule({ ...work('wait'), command: undefined })).body.placement !== null || null,
    'the cluster',
    60_000,
  );
  const began = performance.now();
  const { status, body } = await caller.schedule({ name: 'etl', image: 'example.test/etl:1', resources: SMALL });
  expect(status).toBe(202);
  expect(body).toMatchObject({ placement: { node: 'kubernetes/one', kind: 'kubernetes' } });
  await until(async () => server.store.get('pods', 'policyd', `${body.job_id}-1`) !== null || null, 'the pod');
  expect(performance.now() - began, 'from the call to the pod').toBeLessThan(5_000);
  expect(await caller.end(body.job_id)).toMatchObject({ status: 'succeeded', exit_code: 0, pod_id: `${body.job_id}-1` });
  const failing = await caller.schedule({ ...work('failing', 'echo said; exit 3'), node_labels: { 'kubernetes.io/hostname': 'one' } });
  expect(await caller.end(failing.body.job_id)).toMatchObject({ status: 'failed', exit_code: 3 });
  expect(await caller.pods()).toEqual(
    expect.arrayContaining([expect.objectContaining({ id: `${failing.body.job_id}-1`, node: 'kubernetes/one' })]),
  );
});

test('a disruption budget refuses an eviction, and the caller is told so', async () => {
  policyd = await Policyd.start(policyOf(), { args: args() });
  server.store.create('poddisruptionbudgets', {
    metadata: { name: 'keep', namespace: 'policyd' },
    spec: { minAvailable: 1, selector: { matchLabels: { 'app.kubernetes.io/name': 'kept' } } },
  });
  const { body } = await caller.schedule(work('kept', 'sleep 600'));
  await caller.reach(body.job_id, ['running']);
  const refused = await caller.post('/evict', { pod_id: `${body.job_id}-1`, reason: 'test' });
  expect(refused.status).toBe(429);
  expect(JSON.stringify(refused.body)).toContain('The disruption budget keep needs 1 healthy pods and has 1 currently');
  expect(await caller.job(body.job_id)).toMatchObject({ status: 'running' });
  server.store.remove('poddisruptionbudgets', server.store.get('poddisruptionbudgets', 'policyd', 'keep'));
  expect((await caller.post('/evict', { pod_id: `${body.job_id}-1`, reason: 'make room' })).status).toBeLessThan(300);
  await until(async () => server.store.get('pods', 'policyd', `${body.job_id}-1`)?.status.phase !== 'Running' || null, 'the end', 60_000);
});

test('a cluster that cannot be reached at start is no failure, and heals', async () => {
  await server.stop();
  policyd = await Policyd.start(policyOf(), { args: args() });
  expect(policyd.lines('cluster cannot be reached').length).toBeGreaterThanOrEqual(0);
  const { status, body } = await caller.schedule(work('early'));
  expect([202, 409]).toContain(status);
  expect(JSON.stringify(body)).toContain('unreachable');
  await server.listen();
  await until(async () => (await caller.schedule(work('late'))).body.placement ?? null, 'a placement', 90_000);
});

test('killed again and again while workloads are scheduled and run: each has one pod for each attempt, and begins once', {
  timeout: 500_000,
}, async () => {
  policyd = await Policyd.start(policyOf(), { args: args() });
  const folder = policyd.folder;
  const ids = new Map<string, string>();
  let open = true;
  const killing = (async () => {
    for (let round = 0; round < 4; round += 1) {
      await sleep(200 + Math.random() * 500);
      const ended = new Promise((resolve) => policyd.process.once('exit', resolve));
      policyd.process.kill('SIGKILL');
      await ended;
      policyd = await Policyd.run(join(folder, '..'), folder, { args: args() });
    }
    open = false;
  })();
  killing.catch(() => {});
  for (let n = 0; open || n < 20; n += 1) {
    const name = `w${n}`;
    const { status, body } = await caller.insist(work(name, 'sleep 0.2'), name, 300_000);
    expect(status).toBe(202);
    ids.set(name, body.job_id);
    await sleep(20);
  }
  await killing;
  for (const [, id] of ids) expect(await caller.end(id, 200_000)).toMatchObject({ status: 'succeeded', attempts: 1 });
  expect(starts().toSorted()).toEqual([...ids.keys()].toSorted());
  expect([...server.kubelet.started].toSorted()).toEqual([...ids.values()].map((id) => `${id}-1`).toSorted());
});

test('a wrong configuration is told whole, with exit code 2', () => {
  writeFileSync(
    join(home, 'wrong'),
    JSON.stringify({
      'current-context': 'a',
      contexts: [{ name: 'a', context: { cluster: 'b', user: 'c' } }],
      clusters: [{ name: 'b', cluster: { server: 'http://127.0.0.1:1', 'certificate-authority': 'none.crt' } }],
      users: [{ name: 'd', user: { token: 'secret-token-of-d' } }],
    }),
  );
  const told = spawnSync(
    process.execPath,
    [
      BIN,
      '--policy',
      'generated',
      '--port',
      '0',
      '--data',
      join(home, 'data'),
      '--runners',
      'kubernetes',
      '--kubeconfig',
      join(home, 'wrong'),
      '--kube-namespace',
      'Not_One',
    ],
    {
      encoding: 'utf8',
      cwd: fileURLToPath(new URL('../../../', import.meta.url)),
      env: { PATH: process.env.PATH ?? '' },
      timeout: 60_000,
    },
  );
  expect(told.status).toBe(2);
  for (const part of ['`--kube-namespace`', 'without TLS', 'none.crt', 'user `c`', '[kubeconfig]']) expect(told.stderr).toContain(part);
  expect(told.stderr + told.stdout).not.toContain('secret-token-of-d');
});
