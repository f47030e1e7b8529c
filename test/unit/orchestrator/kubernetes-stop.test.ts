import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubernetesRunner } from '../../../runtime/orchestrator/kubernetes/kubernetes-runner.ts';
import type { RunRequest } from '../../../runtime/orchestrator/runner.ts';
import { follow, openRunner, request } from '../../kube/cluster-world.ts';
import { KubeServer } from '../../kube/kube-server.ts';

let server: KubeServer;
let runner: KubernetesRunner;
beforeEach(async () => {
  server = await KubeServer.start();
  server.addNode('one');
  runner = openRunner(server);
});
afterEach(async () => {
  await runner.close();
  await server.close();
});

const started = (id: string) =>
  expect.poll(() => server.store.get('pods', 'policyd', id)?.status.phase, { timeout: 20_000 }).toBe('Running');
async function begin(): Promise<RunRequest> {
  const run = request(['sleep', '60'], { name: 'kept' });
  await runner.start(run);
  await started(run.id);
  return run;
}
const budget = (name: string, minAvailable = 1): void =>
  void server.store.create('poddisruptionbudgets', {
    metadata: { name, namespace: 'policyd' },
    spec: { minAvailable, selector: { matchLabels: { 'app.kubernetes.io/name': 'kept' } } },
  });
const EVICT = { grace: 1_000, evict: true, reason: 'room' } as const;

test('a delete carries the grace and the uid, and is confirmed by the end', async () => {
  const run = await begin();
  const { uid } = server.store.get('pods', 'policyd', run.id).metadata;
  expect(await runner.stop(run, { grace: 2_300, evict: false, reason: 'enough' })).toEqual({ result: 'stopped' });
  expect(server.asked.find(({ verb }) => verb === 'delete')!.body).toMatchObject({ gracePeriodSeconds: 3, preconditions: { uid } });
  expect((await follow(runner, run)).at(-1)).toMatchObject({ phase: 'failed', exitCode: 143, reason: 'stopped: enough' });
});

test('no grace is a second: with none the pod is gone before its process is', async () => {
  const run = await begin();
  await runner.stop(run, { grace: 0, evict: false, reason: 'enough' });
  expect(server.asked.find(({ verb }) => verb === 'delete')!.body.gracePeriodSeconds).toBe(1);
});

test('a pod that another took the name of is left alone', async () => {
  const run = await begin();
  server.fail(({ verb }) => verb === 'patch', {
    status: 409,
    body: JSON.stringify({ kind: 'Status', status: 'Failure', reason: 'Conflict', message: 'Precondition failed: UID', code: 409 }),
  });
  expect(await runner.stop(run, { grace: 1_000, evict: false, reason: 'x' })).toEqual({ result: 'gone' });
  expect(server.store.get('pods', 'policyd', run.id).status.phase).toBe('Running');
});

test('a node that does not answer confirms nothing, and that is said', { timeout: 60_000 }, async () => {
  server.kubelet.dead.add('one');
  const run = request(['sleep', '60']);
  await runner.start(run);
  await expect.poll(() => server.store.get('pods', 'policyd', run.id)?.spec.nodeName, { timeout: 20_000 }).toBe('one');
  server.setReady('one', false);
  await expect(runner.stop(run, { grace: 1_000, evict: false, reason: 'x' })).rejects.toMatchObject({
    code: 'not_confirmed',
    fatal: false,
  });
});

describe('evictions', () => {
  test.each([
    [['policy/v1', 'policy/v1beta1']],
    [['policy/v1']],
    [['policy/v1beta1']],
  ])('in the version that the server has of %j, asked for once', async (versions) => {
    server.policyVersions = versions;
    for (let round = 0; round < 2; round += 1) {
      const run = await begin();
      expect(await runner.stop(run, EVICT)).toEqual({ result: 'stopped' });
      expect((await follow(runner, run)).at(-1)).toMatchObject({ phase: 'evicted', reason: 'evicted: room' });
    }
    const evictions = server.asked.filter(({ resource }) => resource === 'pods/eviction');
    expect(evictions.map(({ body }) => body.apiVersion)).toEqual([versions[0], versions[0]]);
    expect(server.asked.filter(({ resource }) => resource === '/apis/policy')).toHaveLength(1);
  });

  test('a disruption budget refuses, in its own words; the run goes on', async () => {
    budget('keep');
    const run = await begin();
    expect(await runner.stop(run, EVICT)).toEqual({
      result: 'refused',
      reason: 'The disruption budget keep needs 1 healthy pods and has 1 currently',
    });
    expect(server.store.get('pods', 'policyd', run.id).status.phase).toBe('Running');
    expect(server.asked.filter(({ resource }) => resource === 'pods/eviction')).toHaveLength(1);
    // A stop that is no eviction asks no budget, and what was refused leaves no words behind.
    await runner.stop(run, { ...EVICT, evict: false, reason: 'cancelled' });
    expect((await follow(runner, run)).at(-1)).toMatchObject({ phase: 'failed', reason: 'stopped: cancelled' });
  });

  test('two budgets over one pod are a refusal, too', async () => {
    budget('keep');
    budget('hold');
    const run = await begin();
    expect(await runner.stop(run, EVICT)).toMatchObject({
      result: 'refused',
      reason: expect.stringContaining('more than one PodDisruptionBudget'),
    });
  });

  test('a budget with room lets it go', async () => {
    budget('keep');
    const [run] = [await begin(), await begin()];
    expect(await runner.stop(run, EVICT)).toEqual({ result: 'stopped' });
  });

  test('a busy server is asked again; one that is not there is an error that may pass', async () => {
    const run = await begin();
    server.fail(({ resource }) => resource === 'pods/eviction', {
      status: 429,
      body: 'Too many requests, please try again later.',
      headers: { 'retry-after': '0' },
    });
    expect(await runner.stop(run, EVICT)).toEqual({ result: 'stopped' });
    const other = await begin();
    server.fail(({ resource }) => resource === 'pods/eviction', { status: 503, body: 'no' }, 100);
    await expect(runner.stop(other, EVICT)).rejects.toMatchObject({ code: 'unavailable', fatal: false });
  });

  test('a run that ended or never was is gone', async () => {
    const run = request(['true']);
    await runner.start(run);
    await follow(runner, run);
    expect(await runner.stop(run, EVICT)).toEqual({ result: 'gone' });
    expect(await runner.stop({ id: 'nobody-1', node: 'kubernetes/one' }, EVICT)).toEqual({ result: 'gone' });
  });
});
