import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubernetesRunner } from '../../../runtime/orchestrator/kubernetes/kubernetes-runner.ts';
import { follow, openRunner, request } from '../../kube/cluster-world.ts';
import { KubeServer } from '../../kube/kube-server.ts';

let server: KubeServer;
let runner: KubernetesRunner;
beforeEach(async () => {
  server = await KubeServer.start();
  server.addNode('one');
});
afterEach(async () => {
  await runner.close();
  await server.close();
});

const watching = () => expect.poll(() => server.watching, { timeout: 20_000 }).toBe(3);
const lists = (): number =>
  server.asked.filter(({ verb, resource, namespace }) => verb === 'list' && resource === 'pods' && namespace !== null).length;
const started = (id: string) => expect.poll(() => server.kubelet.started, { timeout: 20_000 }).toContain(id);

test('three watches, however many runs', async () => {
  runner = openRunner(server);
  await watching();
  const runs = Array.from({ length: 20 }, () => request(['sleep', '0.3'], { needs: { cpuMillis: 10, memoryBytes: 1, gpus: 0 } }));
  await Promise.all(runs.map((run) => runner.start(run)));
  const heard = await Promise.all(runs.map((run) => follow(runner, run)));
  expect(heard.map((statuses) => statuses.at(-1)!.phase)).toEqual(runs.map(() => 'succeeded'));
  expect(server.asked.filter(({ verb }) => verb === 'watch')).toHaveLength(3);
  expect(server.asked.filter(({ verb }) => verb === 'list')).toHaveLength(3);
});

describe.each(['cut', 'half', 'end', 'stall'] as const)('watches that break: %s', (how) => {
  test('a run that ends meanwhile is heard, without another list', async () => {
    server.bookmarkEvery = 100;
    runner = openRunner(server, { silence: 700 });
    await watching();
    const run = request(['sleep', '0.3']);
    await runner.start(run);
    const heard = follow(runner, run);
    await started(run.id);
    const before = lists();
    server.breakWatches(how);
    expect((await heard).at(-1)).toMatchObject({ phase: 'succeeded' });
    expect(lists()).toBe(before);
  });
});

test('an expired version lists again, and hears of ends and disappearances in between', async () => {
  runner = openRunner(server);
  await watching();
  const [ended, gone, goes] = [request(['sleep', '0.4']), request(['sleep', '30']), request(['sleep', '30'])];
  for (const run of [ended, gone, goes]) {
    await runner.start(run);
    await started(run.id);
  }
  await expect.poll(async () => (await runner.list(AbortSignal.timeout(20_000))).length, { timeout: 20_000 }).toBe(3);
  const heard = [ended, gone].map((run) => follow(runner, run));
  // Nobody can watch until all has happened.
  server.fail(({ verb }) => verb === 'watch' || verb === 'list', 'drop', 1_000_000);
  server.breakWatches('cut');
  server.store.remove('pods', server.store.get('pods', 'policyd', gone.id));
  await expect.poll(() => server.store.get('pods', 'policyd', ended.id).status.phase, { timeout: 20_000 }).toBe('Succeeded');
  server.store.compact();
  const before = lists();
  server.liftFaults();
  const [first, second] = await Promise.all(heard);
  expect(first.at(-1)).toMatchObject({ phase: 'succeeded', exitCode: 0 });
  expect(second.at(-1)).toMatchObject({ phase: 'lost' });
  await watching();
  expect(lists()).toBeGreaterThan(before);
  await expect
    .poll(async () => (await runner.list(AbortSignal.timeout(20_000))).map(({ id }) => id).sort(), { timeout: 20_000 })
    .toEqual([ended.id, goes.id].sort());
});

test('bookmarks keep a quiet watch from expiring', async () => {
  server.bookmarkEvery = 50;
  runner = openRunner(server);
  await watching();
  // Much happens that this watch does not see; then all of it is forgotten.
  for (let i = 0; i < 20; i += 1) server.store.create('events', { metadata: { name: `e${i}`, namespace: 'other' } });
  server.store.compact();
  const bookmarked = Date.now();
  await expect.poll(() => Date.now() - bookmarked, { timeout: 20_000 }).toBeGreaterThan(300);
  const before = lists();
  expect(runner.cluster.runs.items.size).toBe(0);
  server.breakWatches('cut');
  const run = request(['true']);
  await runner.start(run);
  await expect.poll(() => runner.cluster.runs.items.get(`policyd/${run.id}`)?.status?.phase, { timeout: 20_000 }).toBe('Succeeded');
  expect(lists()).toBe(before);
});

test('an expired page of a list begins the list again', async () => {
  for (let i = 0; i < 250; i += 1) {
    server.store.create('pods', {
      metadata: { name: `p${i}`, namespace: 'policyd', labels: { 'app.kubernetes.io/managed-by': 'policyd' } },
      spec: { containers: [{ image: 'x' }], nodeName: 'one' },
      status: { phase: 'Running' },
    });
  }
  let pages = 0;
  server.fail(({ resource, namespace, query }) => {
    if (resource === 'pods' && namespace !== null && query.get('continue') !== null) pages += 1;
    if (pages === 2) server.store.compact();
    return false;
  }, 'drop');
  runner = openRunner(server);
  await expect.poll(async () => (await runner.list(AbortSignal.timeout(20_000)).catch(() => [])).length, { timeout: 30_000 }).toBe(250);
  expect(pages).toBeGreaterThan(2);
});

test('the server goes away and comes back: nodes cannot be reached meanwhile, the run goes on and is heard', async () => {
  const lines: string[] = [];
  runner = openRunner(server, { lines });
  await watching();
  expect(runner.nodes()).toMatchObject([{ name: 'kubernetes/one', reachable: true }]);
  const run = request(['sleep', '0.5']);
  await runner.start(run);
  const heard = follow(runner, run);
  await started(run.id);
  await server.stop();
  await expect.poll(() => runner.nodes()[0].reachable, { timeout: 20_000 }).toBe(false);
  await expect
    .poll(() => runner.list(AbortSignal.timeout(20_000)).catch((error: unknown) => error), { timeout: 20_000 })
    .toMatchObject({ code: 'network', fatal: false });
  await server.listen();
  expect((await heard).at(-1)).toMatchObject({ phase: 'succeeded' });
  await expect.poll(() => runner.nodes()[0].reachable, { timeout: 60_000 }).toBe(true);
  const told = lines.map((line) => JSON.parse(line).msg);
  expect(told.filter((line, index) => line !== told[index - 1])).toEqual([
    'cluster is reached',
    'cluster cannot be reached',
    'cluster is reached',
  ]);
});

test('a cluster that cannot be reached at start is one node that cannot be reached, and heals', async () => {
  await server.stop();
  runner = openRunner(server);
  expect(runner.nodes()).toMatchObject([{ name: 'kubernetes/test', kind: 'kubernetes', reachable: false }]);
  await expect(runner.start(request(['true']))).rejects.toMatchObject({ code: 'network', fatal: false });
  await server.listen();
  await expect.poll(() => runner.nodes(), { timeout: 60_000 }).toMatchObject([{ name: 'kubernetes/one', reachable: true }]);
});

test('a server that refuses is asked more and more slowly', async () => {
  server.fail(({ verb }) => verb === 'list', { status: 500, body: 'no' }, 1_000_000);
  runner = openRunner(server);
  const began = Date.now();
  await expect.poll(() => Date.now() - began, { timeout: 20_000 }).toBeGreaterThan(3_000);
  // Three mirrors; without waiting it would be thousands.
  expect(server.asked.length).toBeLessThan(60);
  expect(server.asked.length).toBeGreaterThan(5);
});
