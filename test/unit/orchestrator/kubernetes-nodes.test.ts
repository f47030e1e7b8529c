import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubernetesRunner } from '../../../runtime/orchestrator/kubernetes/kubernetes-runner.ts';
import { readQuantity } from '../../../runtime/orchestrator/kubernetes/quantity.ts';
import { readResources, sumRequests } from '../../../runtime/orchestrator/kubernetes/sum-requests.ts';
import { digestOf, writePod } from '../../../runtime/orchestrator/kubernetes/write-pod.ts';
import { openRunner, request } from '../../kube/cluster-world.ts';
import { KubeServer } from '../../kube/kube-server.ts';

describe('amounts', () => {
  test.each([
    ['500m', 0.5],
    ['2', 2],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['1e3', 1000],
    ['128974848', 128974848],
    ['129M', 129e6],
    ['123Mi', 123 * 2 ** 20],
    ['100u', 1e-4],
    ['5n', 5e-9],
    ['1k', 1000],
    ['12E', 12e18],
    ['1E3', 1000],
    ['.5', 0.5],
    ['', 0],
    ['x', 0],
    ['1 Gi', 0],
  ])('%s', (text, amount) => expect(readQuantity(text)).toBeCloseTo(amount, 12));

  test('thousandths of a core are exact', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (millis) => {
        expect(readResources({ cpu: `${millis}m` }).cpuMillis).toBe(millis);
        expect(readResources({ cpu: String(millis / 1_000) }).cpuMillis).toBe(millis);
      }),
    );
  });

  test('a pod takes what the scheduler counts: containers and sidecars, or its dearest start, and its overhead', () => {
    const of = (cpu: string, more = {}) => ({ resources: { requests: { cpu } }, ...more });
    const cpu = (spec: object): number => sumRequests({ spec }).cpuMillis;
    expect(cpu({ containers: [of('1'), of('500m')] })).toBe(1_500);
    expect(cpu({ containers: [of('1')], initContainers: [of('3'), of('2')] })).toBe(3_000);
    expect(cpu({ containers: [of('1')], initContainers: [of('500m', { restartPolicy: 'Always' }), of('2')] })).toBe(2_500);
    expect(cpu({ containers: [of('1')], initContainers: [of('2'), of('500m', { restartPolicy: 'Always' })] })).toBe(2_000);
    expect(cpu({ containers: [of('1')], overhead: { cpu: '250m' } })).toBe(1_250);
    expect(cpu({})).toBe(0);
  });
});

describe('a pod as it is written', () => {
  const run = request(['python', '-c', 'x'], {
    env: { A: 'costs $(HOME) and $5' },
    labels: { team: 'blue', 'a/b': 'c', odd: 'not a label!' },
    timeout: 1_500,
    needs: { cpuMillis: 250, memoryBytes: 1_000, gpus: 2 },
  });
  const pod = writePod(run, 'amd.com/gpu');
  const [container] = pod.spec!.containers;

  test('has no rights, no privileges, no service account, and no second life', () => {
    expect(pod.spec).toMatchObject({
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      activeDeadlineSeconds: 2,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(pod.spec!.nodeName).toBeUndefined();
    expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, privileged: false, capabilities: { drop: ['ALL'] } });
    expect(JSON.stringify(pod)).not.toMatch(/hostPath|hostNetwork|hostPID|secretKeyRef|valueFrom/);
  });
  test('takes what it asked for, neither less nor more', () => {
    const amounts = { cpu: '250m', memory: '1000', 'amd.com/gpu': '2' };
    expect(container.resources).toEqual({ requests: amounts, limits: amounts });
  });
  test('goes to its node by way of the scheduler', () => {
    expect(pod.spec!.affinity!.nodeAffinity!.requiredDuringSchedulingIgnoredDuringExecution!.nodeSelectorTerms).toEqual([
      { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['one'] }] },
    ]);
  });
  test('has its variables by value, and they arrive as they were written', () => {
    expect(container.env!.find(({ name }) => name === 'A')!.value).toBe('costs $$(HOME) and $5');
    expect(container.env!.map(({ name }) => name)).toEqual(['POLICYD_JOB', 'TRACEPARENT', 'A']);
  });
  test("has labels that put it behind nobody's Service; what is no label stands in an annotation", () => {
    expect(pod.metadata!.labels).toEqual({
      'app.kubernetes.io/managed-by': 'policyd',
      'app.kubernetes.io/name': 'work',
      'policyd/job': run.job,
      'label.policyd/team': 'blue',
      'label.policyd/a.b': 'c',
    });
    expect(JSON.parse(pod.metadata!.annotations!['policyd/labels'])).toEqual(run.workload.labels);
  });
  test('its digest does not depend on the order of keys, nor on the node, and on everything else', () => {
    const { env, ...rest } = run.workload;
    expect(digestOf({ ...run, workload: { env, ...rest } })).toBe(digestOf(run));
    expect(digestOf({ ...run, job: 'other' })).not.toBe(digestOf(run));
    expect(digestOf({ ...run, workload: { ...run.workload, timeout: 1_501 } })).not.toBe(digestOf(run));
  });
});

describe('nodes', () => {
  let server: KubeServer;
  let runner: KubernetesRunner;
  beforeEach(async () => {
    server = await KubeServer.start();
  });
  afterEach(async () => {
    await runner.close();
    await server.close();
  });
  const node = (name: string) => runner.nodes().find((state) => state.name === `kubernetes/${name}`);
  const other = (name: string, cpu: string, on: string, phase = 'Running') =>
    server.store.create('pods', {
      metadata: { name, namespace: 'kube-system' },
      spec: { nodeName: on, containers: [{ image: 'x', resources: { requests: { cpu, memory: '1Gi' } } }] },
      status: { phase },
    });

  test('ready, cordoned, tainted, with labels, GPUs and room', async () => {
    server.addNode('plain', { labels: { zone: 'restricted' } });
    server.addNode('cordoned', { spec: { unschedulable: true } });
    server.addNode('tainted', { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } });
    server.addNode('preferring', { spec: { taints: [{ key: 'a', effect: 'PreferNoSchedule' }] } });
    server.addNode('nvidia', { allocatable: { 'nvidia.com/gpu': '4' } });
    server.addNode('amd', { allocatable: { 'amd.com/gpu': '2' } });
    other('busy', '1500m', 'plain');
    other('over', '3', 'plain', 'Succeeded');
    runner = openRunner(server);
    await expect.poll(() => node('plain')?.free, { timeout: 20_000 }).toEqual({ cpuMillis: 2_500, memoryBytes: 7 * 2 ** 30, gpus: 0 });
    expect(node('plain')).toMatchObject({
      kind: 'kubernetes',
      forms: ['container'],
      reachable: true,
      cordoned: false,
      load: 0.375,
      labels: { zone: 'restricted' },
    });
    expect(node('plain')!.total).toEqual({ cpuMillis: 4_000, memoryBytes: 8 * 2 ** 30, gpus: 0 });
    expect(['cordoned', 'tainted', 'preferring'].map((name) => node(name)!.cordoned)).toEqual([true, true, false]);
    expect(['nvidia', 'amd'].map((name) => node(name)!.free.gpus)).toEqual([4, 2]);
    server.setReady('plain', false);
    await expect.poll(() => node('plain')!.reachable, { timeout: 20_000 }).toBe(false);
    server.store.remove('nodes', server.store.get('nodes', null, 'amd'));
    await expect.poll(() => node('amd'), { timeout: 20_000 }).toBe(undefined);
  });

  test('what was just started takes its room at once, once, and gives it back', async () => {
    server.addNode('one');
    runner = openRunner(server);
    await expect.poll(() => node('one')?.reachable, { timeout: 20_000 }).toBe(true);
    const run = request(['sleep', '60'], { needs: { cpuMillis: 1_000, memoryBytes: 2 ** 30, gpus: 0 } }, 'one');
    await runner.start(run);
    expect(node('one')!.free.cpuMillis).toBe(3_000);
    await expect.poll(() => runner.cluster.runs.items.get(`policyd/${run.id}`)?.status?.phase, { timeout: 20_000 }).toBe('Running');
    expect(node('one')!.free.cpuMillis).toBe(3_000);
    await runner.stop(run, { grace: 1_000, evict: false, reason: 'test' });
    await expect.poll(() => node('one')!.free.cpuMillis, { timeout: 20_000 }).toBe(4_000);
  });

  test('where pods of other namespaces may not be seen, our own are counted, and it is said', async () => {
    server.addNode('one');
    other('busy', '1', 'one');
    const rules = [
      {
        verbs: ['get', 'list', 'watch', 'create', 'delete', 'patch'],
        resources: ['pods', 'pods/log', 'pods/eviction', 'events'],
        namespace: 'policyd',
      },
      { verbs: ['list', 'watch'], resources: ['nodes'], namespace: null },
    ];
    server.users.set('few', { name: 'policyd', rules });
    const lines: string[] = [];
    runner = openRunner(server, { token: 'few', lines });
    await expect.poll(() => node('one')?.reachable, { timeout: 20_000 }).toBe(true);
    await runner.start(request(['sleep', '60'], { needs: { cpuMillis: 500, memoryBytes: 1, gpus: 0 } }));
    expect(node('one')!.free.cpuMillis).toBe(3_500);
    await expect.poll(() => lines.join(''), { timeout: 20_000 }).toContain('only our own are counted');
    expect(lines.join('')).toContain('add to its ClusterRole: {apiGroups: [\\"\\"], resources: [\\"pods\\"], verbs: [\\"list\\"]}');
  });
});
