import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubernetesRunner } from '../../../runtime/orchestrator/kubernetes/kubernetes-runner.ts';
import { RunnerError } from '../../../runtime/orchestrator/runner.ts';
import { follow, openRunner, readAll, request } from '../../kube/cluster-world.ts';
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

const pods = (): string[] => server.store.list('pods', 'policyd').map((pod) => pod.metadata.name);

test('a run: made, bound, run, read, ended', async () => {
  const run = request(['sh', '-c', 'echo hello; echo there >&2; exit 3']);
  expect((await runner.start(run)).phase).toBe('pending');
  const heard = await follow(runner, run);
  expect(heard.at(-1)).toMatchObject({ phase: 'failed', exitCode: 3, reason: 'exit code 3' });
  expect((await readAll(runner, run)).toString().split('\n').sort()).toEqual(['', 'hello', 'there']);
  expect(server.kubelet.started).toEqual([run.id]);
});

test('phases come in order, the same one never twice, and nothing after the end', async () => {
  const run = request(['sleep', '0.2']);
  await runner.start(run);
  const heard = await follow(runner, run);
  const order = ['pending', 'running', 'succeeded'];
  const places = heard.map(({ phase }) => order.indexOf(phase));
  expect(places).toEqual([...places].sort());
  expect(heard.map((status) => JSON.stringify(status)).filter((text, index, all) => all[index - 1] === text)).toEqual([]);
  expect(heard.at(-1)).toMatchObject({ phase: 'succeeded', exitCode: 0 });
  expect(heard.at(-1)!.startedAt).toBeLessThanOrEqual(heard.at(-1)!.endedAt!);
});

test('an answer that is older than what was heard is not told', async () => {
  server.fail(({ verb }) => verb === 'list' || verb === 'watch', 'drop', 1_000_000);
  await runner.close();
  runner = openRunner(server);
  const run = request(['sleep', '2']);
  const first = await runner.start(run);
  expect(first.phase).toBe('pending');
  const stale = JSON.stringify(server.store.get('pods', 'policyd', run.id));
  await expect.poll(() => server.store.get('pods', 'policyd', run.id).status.phase, { timeout: 20_000 }).toBe('Running');
  const heard: string[] = [];
  const watched = runner.watch(run, ({ phase }) => void heard.push(phase), AbortSignal.timeout(60_000));
  await expect.poll(() => heard, { timeout: 20_000 }).toEqual(['running']);
  server.fail(({ verb }) => verb === 'get', { status: 200, body: stale, headers: { 'content-type': 'application/json' } });
  await watched;
  expect(heard).toEqual(['running', 'succeeded']);
});

describe('one pod for one run', () => {
  test('60 starts of 6 runs by three processes at once make 6 pods, and start 6 commands', async () => {
    const others = [openRunner(server), openRunner(server)];
    const runs = Array.from({ length: 6 }, () => request(['true']));
    const starts = Array.from({ length: 60 }, (_, index) => [runner, ...others][index % 3].start(runs[index % 6]));
    await Promise.all(starts);
    for (const run of runs) expect((await follow(runner, run)).at(-1)!.phase).toBe('succeeded');
    expect(pods().sort()).toEqual(runs.map(({ id }) => id).sort());
    expect([...server.kubelet.started].sort()).toEqual(runs.map(({ id }) => id).sort());
    for (const other of others) await other.close();
  });

  test.each(['lost', 'drop', 'cut'] as const)('an answer that is %s is asked for again', async (fault) => {
    server.fail(({ verb }) => verb === 'create', fault);
    const run = request(['true']);
    await runner.start(run);
    expect((await follow(runner, run)).at(-1)!.phase).toBe('succeeded');
    expect(server.kubelet.started).toEqual([run.id]);
  });

  test.each([
    { status: 500, body: 'etcdserver: request timed out' },
    { status: 429, body: 'Too many requests, please try again later.', headers: { 'retry-after': '0' } },
    { status: 503, body: 'apiserver not ready' },
  ])('an answer of $status is asked for again', async (fault) => {
    server.fail(({ verb }) => verb === 'create', fault, 2);
    const run = request(['true']);
    await runner.start(run);
    expect(pods()).toEqual([run.id]);
  });

  test('a crash between the call and its record: the next process finds the run, running or ended', async () => {
    const run = request(['sh', '-c', 'sleep 0.3; echo done']);
    await runner.start(run);
    await runner.close();
    const next = openRunner(server);
    expect(['pending', 'running']).toContain((await next.start(run)).phase);
    expect((await follow(next, run)).at(-1)!.phase).toBe('succeeded');
    await next.close();
    const third = openRunner(server);
    expect((await third.start(run)).phase).toBe('succeeded');
    expect((await follow(third, run)).map(({ phase }) => phase)).toEqual(['succeeded']);
    expect((await readAll(third, run)).toString()).toBe('done\n');
    expect(server.kubelet.started).toEqual([run.id]);
    await third.close();
  });

  test('placed anew after a crash, a run stays on the node where it began', async () => {
    server.addNode('two');
    const run = request(['sleep', '30']);
    await runner.start(run);
    await runner.start({ ...run, node: 'kubernetes/two' });
    await expect.poll(() => server.store.get('pods', 'policyd', run.id).spec.nodeName, { timeout: 20_000 }).toBe('one');
    expect(server.kubelet.started.length).toBeLessThanOrEqual(1);
  });

  test('a pod of this name that is not ours is a fatal error, and is left alone', async () => {
    const run = request(['true']);
    const theirs = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: run.id, namespace: 'policyd' },
      spec: { containers: [{ image: 'x' }] },
      status: {},
    };
    server.store.create('pods', theirs);
    const error = await runner.start(run).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RunnerError);
    expect(error).toMatchObject({ code: 'foreign', fatal: true });
    await expect(runner.stop(run, { grace: 0, evict: false, reason: 'test' })).rejects.toMatchObject({ code: 'foreign' });
  });

  test('so is a pod of the same job and attempt that runs something else', async () => {
    const run = request(['sleep', '5']);
    await runner.start(run);
    const other = { ...run, workload: { ...run.workload, command: ['sleep', '6'] } };
    await expect(runner.start(other)).rejects.toMatchObject({ code: 'other_spec', fatal: true });
  });

  test('a run that was stopped is not started again, whoever asks', async () => {
    const run = request(['sleep', '30']);
    await runner.start(run);
    const heard = follow(runner, run);
    expect(await runner.stop(run, { grace: 1_000, evict: false, reason: 'not needed' })).toEqual({ result: 'stopped' });
    const last = (await heard).at(-1)!;
    expect(last).toMatchObject({ phase: 'failed', reason: 'stopped: not needed' });
    const other = openRunner(server);
    for (const one of [runner, other]) expect(await one.start(run)).toEqual(last);
    expect(server.kubelet.started.length).toBeLessThanOrEqual(1);
    await other.close();
  });

  test('the pods of ended runs are let go of, in an hour, or a minute where somebody wants them gone', async () => {
    const [ended, stopped, runs] = [request(['true']), request(['sleep', '30']), request(['sleep', '30'])];
    for (const run of [ended, stopped, runs]) await runner.start(run);
    await follow(runner, ended);
    await runner.stop(stopped, { grace: 1_000, evict: false, reason: 'test' });
    await expect
      .poll(() => [...runner.cluster.runs.items.values()].filter((pod) => pod.status?.phase !== 'Running').length, { timeout: 20_000 })
      .toBe(2);
    const now = Date.now();
    await runner.endings.sweep(now);
    expect(pods()).toHaveLength(3);
    await runner.endings.sweep(now + 59_000);
    expect(pods()).toHaveLength(3);
    await runner.endings.sweep(now + 61_000);
    expect(pods().sort()).toEqual([ended.id, runs.id].sort());
    await expect.poll(() => runner.cluster.runs.items.size, { timeout: 20_000 }).toBe(2);
    await runner.endings.sweep(now + 3_601_000);
    expect(pods()).toEqual([runs.id]);
    // This process knows of it yet.
    await expect.poll(() => runner.cluster.runs.items.size, { timeout: 20_000 }).toBe(1);
    expect((await runner.start(ended)).phase).toBe('succeeded');
    expect(pods()).toEqual([runs.id]);
  });
});

describe('why a pod waits', () => {
  const reasonOf = async (image: string, needs = {}): Promise<string | null> => {
    const run = request(['true']);
    await runner.start({ ...run, workload: { ...run.workload, image, needs: { ...run.workload.needs, ...needs } } });
    const enough = new AbortController();
    let last: string | null = null;
    await runner.watch(
      run,
      ({ reason, phase }) => {
        expect(phase).toBe('pending');
        last = reason;
        if (reason !== null && !/^(ContainerCreating|ErrImagePull)/.test(reason)) enough.abort();
      },
      AbortSignal.any([enough.signal, AbortSignal.timeout(30_000)]),
    );
    return last;
  };

  test('the scheduler finds no room', async () => {
    expect(await reasonOf('a/b', { cpuMillis: 64_000 })).toBe('Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.');
  });
  test('its image cannot be pulled', async () => {
    expect(await reasonOf('missing/b')).toBe('ImagePullBackOff: Back-off pulling image "missing/b"');
  });
  test('only an event tells', async () => {
    expect(await reasonOf('stuck/b')).toBe('FailedMount: MountVolume.SetUp failed for volume "models" : configmap "models" not found');
  });
});

describe('how a pod ends', () => {
  /** It runs, and the watch has told so. */
  const runs = (id: string) =>
    expect
      .poll(async () => (await runner.list(AbortSignal.timeout(20_000))).find((pod) => pod.id === id)?.status.phase, { timeout: 20_000 })
      .toBe('running');

  test('out of memory', async () => {
    const run = request(['sleep', '30'], { image: 'oom/b' });
    await runner.start(run);
    expect((await follow(runner, run)).at(-1)).toMatchObject({ phase: 'failed', exitCode: 137, reason: 'OOMKilled' });
  });
  test('its time is over', async () => {
    const run = request(['sleep', '30'], { timeout: 900 });
    await runner.start(run);
    expect((await follow(runner, run)).at(-1)).toMatchObject({
      phase: 'failed',
      reason: 'DeadlineExceeded: Pod was active on the node longer than the specified deadline',
    });
  });
  test('its node is short of memory', async () => {
    const run = request(['sleep', '30']);
    await runner.start(run);
    const heard = follow(runner, run);
    await runs(run.id);
    server.kubelet.pressure('policyd', run.id);
    expect((await heard).at(-1)).toMatchObject({ phase: 'evicted', reason: 'Evicted: The node was low on resource: memory. ' });
  });
  test.each([0, 1])('somebody else deletes it, with a grace of %i s', async (grace) => {
    const run = request(['sleep', '30']);
    await runner.start(run);
    const heard = follow(runner, run);
    await runs(run.id);
    server.kubelet.delete(server.store.get('pods', 'policyd', run.id), grace);
    expect((await heard).at(-1)).toMatchObject({ phase: 'evicted', reason: 'somebody else deleted its pod' });
    expect((await runner.start(run)).phase).toBe('evicted');
  });
  test('somebody deletes it, finalizers and all', async () => {
    const run = request(['sleep', '30']);
    await runner.start(run);
    const heard = follow(runner, run);
    await runs(run.id);
    server.store.remove('pods', server.store.get('pods', 'policyd', run.id));
    expect((await heard).at(-1)).toMatchObject({ phase: 'lost', reason: 'somebody else deleted its pod' });
  });
  test.each(['missing/b', 'a/b'])('somebody deletes it before it began (%s)', async (image) => {
    const run = request(['true'], { image, needs: { cpuMillis: image === 'a/b' ? 64_000 : 100, memoryBytes: 1, gpus: 0 } });
    await runner.start(run);
    const heard = follow(runner, run);
    await expect.poll(() => runner.cluster.runs.items.size, { timeout: 20_000 }).toBe(1);
    server.kubelet.delete(server.store.get('pods', 'policyd', run.id), 1);
    expect((await heard).at(-1)).toMatchObject({ phase: 'evicted', reason: 'somebody else deleted its pod' });
  });
  test('somebody evicts it', async () => {
    const run = request(['sleep', '30']);
    await runner.start(run);
    const heard = follow(runner, run);
    await runs(run.id);
    const pod = server.store.get('pods', 'policyd', run.id);
    server.store.update('pods', pod, (copy) => {
      copy.status.conditions = [
        {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'DeletionByTaintManager',
          message: 'Taint manager: deleting due to NoExecute taint',
        },
      ];
    });
    server.kubelet.delete(server.store.get('pods', 'policyd', run.id), 1);
    expect((await heard).at(-1)).toMatchObject({
      phase: 'evicted',
      reason: 'DeletionByTaintManager: Taint manager: deleting due to NoExecute taint',
    });
  });
  test('its node does not answer: the run is not given up, and says so; when the node is removed it is lost', async () => {
    const run = request(['sleep', '30']);
    await runner.start(run);
    const reasons: (string | null)[] = [];
    const watched = runner.watch(run, ({ phase, reason }) => void reasons.push(`${phase} ${reason}`), AbortSignal.timeout(60_000));
    await runs(run.id);
    server.setReady('one', false);
    await expect.poll(() => reasons.at(-1), { timeout: 20_000 }).toBe('running node lost: `one` is not ready');
    server.store.update('pods', server.store.get('pods', 'policyd', run.id), (copy) => {
      copy.status.phase = 'Failed';
      copy.status.conditions = [
        { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' },
      ];
    });
    await watched;
    expect(reasons.at(-1)).toBe('lost node lost: PodGC: node no longer exists');
  });
  test('a run that never was is lost', async () => {
    expect(await follow(runner, { id: 'nobody-1', node: 'kubernetes/one' })).toEqual([
      { phase: 'lost', reason: 'its pod is not there', exitCode: null, startedAt: null, endedAt: null },
    ]);
  });
});

test('a list has our runs, and shows others of the namespace as foreign', async () => {
  const run = request(['sleep', '30'], { name: 'etl' });
  await runner.start(run);
  server.store.create('pods', {
    metadata: { name: 'theirs', namespace: 'policyd' },
    spec: { containers: [{ image: 'x' }], nodeName: 'one' },
    status: { phase: 'Running' },
  });
  await expect.poll(async () => (await runner.list(AbortSignal.timeout(20_000))).length, { timeout: 20_000 }).toBe(2);
  const [ours, theirs] = await runner.list(AbortSignal.timeout(20_000));
  expect(ours).toMatchObject({ id: run.id, job: run.job, name: 'etl', node: 'kubernetes/one', foreign: false });
  expect(theirs).toMatchObject({ id: 'theirs', job: null, node: 'kubernetes/one', foreign: true, status: { phase: 'running' } });
});
