import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { OPTIONS, toVariable } from '../../runtime/config/options.ts';
import { follow, openRunner, readAll, request } from '../kube/cluster-world.ts';
import { KubeServer, type Rule } from '../kube/kube-server.ts';

const FOLDER = fileURLToPath(new URL('../../deploy/kubernetes/workloads/', import.meta.url));
const NAMESPACE = 'policyd-workloads';

// biome-ignore lint/suspicious/noExplicitAny: manifests are what they are.
type Manifest = any;
const read = (folder: string): Manifest[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), 'utf8')).map((document) => document.toJS()));
const manifests = read(FOLDER);
const rulesOf = (kind: string, namespace: string | null): Rule[] =>
  manifests
    .filter((one) => one.kind === kind)
    .flatMap((one) => one.rules.map(({ verbs, resources }: Rule) => ({ verbs, resources, namespace })));

let server: KubeServer;
beforeAll(async () => {
  server = await KubeServer.start();
  server.addNode('one');
  server.store.create('namespaces', { metadata: { name: NAMESPACE } });
});
afterAll(() => server.close());

test('what the manifests allow is all that policyd needs, and it needs all of it', { timeout: 120_000 }, async () => {
  const rules = [...rulesOf('Role', NAMESPACE), ...rulesOf('ClusterRole', null)];
  server.users.set('of-policyd', { name: 'system:serviceaccount:policyd:policyd', rules });
  const lines: string[] = [];
  const runner = openRunner(server, { token: 'of-policyd', namespace: NAMESPACE, lines });
  await expect.poll(() => runner.nodes()[0].reachable, { timeout: 20_000 }).toBe(true);
  await expect.poll(() => server.watching, { timeout: 20_000 }).toBe(3);
  const [ends, stays, leaves, stuck] = [
    request(['echo', 'x']),
    request(['sleep', '60']),
    request(['sleep', '60']),
    request(['true'], { image: 'stuck/x' }),
  ];
  for (const run of [ends, stays, leaves, stuck]) await runner.start(run);
  await runner.start(ends);
  expect((await follow(runner, ends)).at(-1)!.phase).toBe('succeeded');
  expect((await readAll(runner, ends)).toString()).toBe('x\n');
  const warned = new AbortController();
  await runner.watch(
    stuck,
    ({ reason }) => void (reason?.startsWith('FailedMount') && warned.abort()),
    AbortSignal.any([warned.signal, AbortSignal.timeout(30_000)]),
  );
  expect(warned.signal.aborted).toBe(true);
  await runner.stop(stays, { grace: 1_000, evict: false, reason: 'x' });
  await runner.stop(leaves, { grace: 1_000, evict: true, reason: 'x' });
  expect(await runner.list(AbortSignal.timeout(20_000))).toHaveLength(4);
  await runner.endings.sweep(Date.now());
  await runner.endings.sweep(Date.now() + 4_000_000);
  expect(server.store.list('pods', NAMESPACE).map((pod) => pod.metadata.name)).toEqual([stuck.id]);
  await runner.close();
  expect(lines.filter((line) => line.includes('forbidden'))).toEqual([]);
  const asked = new Set(server.asked.map(({ verb, resource, namespace }) => `${verb} ${resource} ${namespace ?? 'everywhere'}`));
  const granted = rules.flatMap(({ verbs, resources, namespace }) =>
    verbs.flatMap((verb) => resources.map((resource) => `${verb} ${resource} ${namespace ?? 'everywhere'}`)),
  );
  expect([...asked].filter((one) => !one.includes('/apis/')).toSorted()).toEqual(granted.toSorted());
});

test('names, namespaces and variables fit each other', () => {
  expect(manifests.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name)).toEqual([NAMESPACE]);
  for (const { kind, metadata } of manifests) {
    if (['Namespace', 'Kustomization', 'ClusterRole', 'ClusterRoleBinding'].includes(kind)) continue;
    expect(metadata.namespace, kind).toBe(NAMESPACE);
  }
  const account = parseAllDocuments(readFileSync(join(FOLDER, '../service-account.yaml'), 'utf8'))[0].toJS();
  for (const { subjects, roleRef } of manifests.filter(({ kind }) => kind.endsWith('RoleBinding') || kind === 'RoleBinding')) {
    expect(subjects).toEqual([{ kind: 'ServiceAccount', name: account.metadata.name, namespace: 'policyd' }]);
    expect(manifests.some(({ kind, metadata }) => kind === roleRef.kind && metadata.name === roleRef.name)).toBe(true);
  }
  const kustomization = manifests.find(({ kind }) => kind === 'Kustomization');
  expect(kustomization.resources.toSorted()).toEqual(
    readdirSync(FOLDER)
      .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
      .toSorted(),
  );
  const [deployment] = read(join(FOLDER, 'policyd')).filter(({ kind }) => kind === 'Deployment');
  const [container] = deployment.spec.template.spec.containers;
  const known = OPTIONS.map(({ flag }) => toVariable(flag));
  for (const { name } of container.env) expect(known).toContain(name);
  expect(container.env.find(({ name }: Manifest) => name === 'POLICYD_KUBE_NAMESPACE').value).toBe(NAMESPACE);
});

test.skipIf(spawnSync('kubectl', ['version', '--client']).status !== 0)(
  'kubectl puts them together (skipped where there is no kubectl)',
  () => {
    const built = execFileSync('kubectl', ['kustomize', FOLDER], { encoding: 'utf8' });
    const kinds = parseAllDocuments(built).map((document) => document.toJS().kind);
    expect(kinds.toSorted()).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'Namespace',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Role',
      'RoleBinding',
    ]);
  },
);
