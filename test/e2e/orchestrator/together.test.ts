import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { KubeServer } from '../../kube/kube-server.ts';
import { PeerProcess } from '../../peers/policyds.ts';
import { until } from '../policyd.ts';
import { countJudged } from '../watch-answers.ts';
import { MarkFile } from './mark-file.ts';
import { callerOf, type JobView, policyOf } from './workloads-api.ts';

/** One policyd with this machine, a cluster and a peer at once. What each does alone is in the tests that are called like it. */
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const POLICY = policyOf('placement: { prefer: local, restricted_labels: { zone: restricted } }');
const SMALL = { cpu: 0.5, memory: '16MiB' };

let home: string;
let cluster: KubeServer;
let marks: MarkFile;
let far: PeerProcess;
let near: PeerProcess;
const caller = callerOf(() => near.policyd);

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'policyd-together-'));
  marks = new MarkFile();
  cluster = await KubeServer.start();
  cluster.addNode('one', { cpu: '4', memory: '4Gi', labels: { role: 'cluster' } });
  writeFileSync(join(home, 'kubeconfig'), cluster.kubeconfig());
  const local = (zone: string) => ['--node-capacity', 'cpu=1,memory=1GiB', '--node-labels', `zone=${zone}`];
  far = await PeerProcess.start({ policy: POLICY, args: ['--peers', 'accept', '--peer-lease', '3s', ...local('open')] });
  near = await PeerProcess.start({
    policy: POLICY,
    args: [
      ...['--peers', far.address, '--peer-lease', '3s', '--pool-lease', '1s', ...local('restricted')],
      ...['--runners', 'local,kubernetes', '--kubeconfig', join(home, 'kubeconfig')],
    ],
  });
  await near.sees(far.address, 'up');
});
afterEach(async () => {
  await near?.remove();
  await far?.remove();
  await cluster.close();
  marks.remove();
  rmSync(home, { recursive: true, force: true });
});

interface Reasoned extends JobView {
  readonly reasons: readonly { readonly node: string; readonly filter: string }[];
}
const look = async (id: string): Promise<Reasoned> => (await caller.get<Reasoned>(`/v1/jobs/${id}`)).body;
const command = (mark: string, then = ':') => ({ name: 'w', command: marks.command(mark, then), resources: SMALL });
const inCluster = (mark: string, then = ':') => ({ ...command(mark, then), image: 'example.test/w:1', node_labels: { role: 'cluster' } });

test('each goes where it may: full here, to the peer; containers to the cluster; what is restricted waits, and says why as it is now', async () => {
  const here = await caller.schedule({ ...command('here', 'sleep 600'), resources: { cpu: 0.9, memory: '16MiB' } });
  expect(here.body.placement).toMatchObject({ node: 'local' });
  const secret = await caller.schedule({ ...command('secret'), privacy: 'restricted' });
  expect(secret.body).toMatchObject({ status: 'pending', placement: null });
  const open = await caller.schedule(command('open'));
  expect(await caller.end(open.body.job_id, 120_000)).toMatchObject({ status: 'succeeded', placement: { kind: 'peer' } });
  const pod = await until(
    async () => {
      const { status, body } = await caller.schedule(inCluster('pod'));
      return status === 202 && body.placement !== null ? body : null;
    },
    'the cluster',
    60_000,
  );
  expect(pod.placement).toMatchObject({ kind: 'kubernetes', node: 'kubernetes/one' });
  expect(await caller.end(pod.job_id, 120_000)).toMatchObject({ status: 'succeeded', exit_code: 0 });
  // Every node is told, and every reason of every node.
  const peer = `${far.address}/local`;
  const nodes = new Map((await caller.nodes()).map((node) => [node.name, node]));
  expect([...nodes.keys()].toSorted()).toEqual([peer, 'kubernetes/one', 'local'].toSorted());
  expect(nodes.get('local')).toMatchObject({ kind: 'local', total: { cpu_millis: 1_000 }, free: { cpu_millis: 100 } });
  expect(nodes.get(peer)).toMatchObject({ kind: 'peer', labels: { zone: 'open' }, reachable: true });
  expect(nodes.get('kubernetes/one')).toMatchObject({ kind: 'kubernetes', total: { cpu_millis: 4_000 }, labels: { role: 'cluster' } });
  const reasons = async (): Promise<Record<string, string[]>> => {
    const found: Record<string, string[]> = {};
    for (const { node, filter } of (await look(secret.body.job_id)).reasons) (found[node] ??= []).push(filter);
    return found;
  };
  const before = await reasons();
  expect(Object.keys(before).toSorted()).toEqual([peer, 'kubernetes/one', 'local'].toSorted());
  expect(before).toMatchObject({ local: ['cpu'], [peer]: ['privacy'] });
  expect(before['kubernetes/one']).toContain('form');
  await far.kill();
  await until(async () => (await reasons())[peer]?.includes('unreachable') === true, 'word of the peer in the reasons', 60_000);
  expect((await caller.nodes()).find(({ name }) => name === peer)?.reachable).toBe(false);
  await caller.post(`/v1/jobs/${here.body.job_id}/cancel`, {});
  expect(await caller.end(secret.body.job_id, 120_000)).toMatchObject({ status: 'succeeded', placement: { node: 'local' } });
  expect(await reasons()).toEqual({});
  await far.again();
  expect(countJudged()).toBeGreaterThan(10);
});

test('a place that does not answer is named by `GET /pods`, in time, beside what the others have', async () => {
  const { body } = await caller.schedule(command('here', 'sleep 600'));
  await caller.reach(body.job_id, ['running'], 120_000);
  far.signal('SIGSTOP');
  try {
    const { told, took } = await until(
      async () => {
        const began = performance.now();
        const { body: told } = await caller.get<{
          items: readonly { id: string }[];
          errors: readonly { nodes: readonly string[]; message: string }[];
        }>('/pods');
        return told.errors.length > 0 ? { told, took: performance.now() - began } : null;
      },
      'an error',
      60_000,
    );
    expect(told.items.map(({ id }) => id)).toContain(`${body.job_id}-1`);
    expect(told.errors[0].nodes.join()).toContain(far.address);
    // Three seconds, and a loaded machine.
    expect(took).toBeLessThan(30_000);
  } finally {
    far.signal('SIGCONT');
  }
  await caller.post(`/v1/jobs/${body.job_id}/cancel`, {});
  await caller.end(body.job_id, 120_000);
});

test('killed at any moment with runs at all three: nothing is lost, and a pod of the cluster is made once', async () => {
  const asked = new Map<string, object>();
  for (let round = 0; round < 3; round++) {
    const keys = ['here', 'far', 'pod'].map((kind) => `${kind}-${round}`);
    for (const key of keys) asked.set(key, key.startsWith('pod') ? inCluster(key, 'sleep 0.3') : command(key, 'sleep 0.3'));
    const sending = keys.map((key) => caller.schedule(asked.get(key), key).catch(() => null));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
    await near.kill();
    await Promise.all(sending);
    await near.again();
  }
  const ids = new Map<string, string>();
  for (const [key, body] of asked)
    ids.set(key, await until(async () => (await caller.insist(body, key)).body.job_id ?? null, `${key} to be taken`, 120_000));
  for (const [key, id] of ids) expect(await caller.end(id, 120_000), key).toMatchObject({ status: 'succeeded' });
  for (const [key, id] of ids) {
    const { runs } = await caller.job(id);
    // A lease at a peer may end while its owner is away: then the run was ended, and another replaced it.
    const lost = runs.filter(({ phase }) => phase === 'lost').length;
    expect(marks.counts.get(key), key).toBeLessThanOrEqual(1 + lost);
    expect(marks.counts.get(key), key).toBeGreaterThanOrEqual(1);
    if (key.startsWith('pod')) expect(cluster.kubelet.started.filter((name) => name.startsWith(id))).toEqual([`${id}-1`]);
  }
});
