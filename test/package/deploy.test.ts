import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { OPTIONS, toVariable } from '../../runtime/config/options.ts';
import { findFreePort } from '../docs/find-free-port.ts';
import { launch, until } from '../e2e/policyd.ts';
import { Upstream } from '../upstreams/upstream.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const KUBERNETES = join(ROOT, 'deploy/kubernetes');
const POLICYC = join(ROOT, 'compiler/cli/bin.js');

// biome-ignore lint/suspicious/noExplicitAny: manifests are what they are; a path that is not there fails the test that reads it.
type Manifest = any;
const readManifest = (path: string): Manifest => parse(readFileSync(join(ROOT, 'deploy', path), 'utf8'));
const deployment = readManifest('kubernetes/deployment.yaml');
const pod = deployment.spec.template.spec;
const [container] = pod.containers;
const compose = readManifest('compose.yaml');
const dockerfile = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8');

let home: string;
let policies: string;
let key: string;
let upstream: Upstream;
let running: ReturnType<typeof launch> | null = null;

/** The policy that is shipped, with a caller as its first lines say to make one. */
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'policyc-deploy-'));
  policies = join(home, 'policies');
  cpSync(join(ROOT, 'deploy/policies'), policies, { recursive: true });
  const made = execFileSync('bash', ['-c', `"${process.execPath}" "${POLICYC}" keys new --name me 2>"${home}/told"`], { encoding: 'utf8' });
  key = made.trim();
  const told = readFileSync(join(home, 'told'), 'utf8');
  writeFileSync(join(policies, 'keys.yaml'), told.slice(told.indexOf('keys:\n')));
  upstream = await Upstream.start({ models: ['llama3.2'], resident: ['llama3.2'] });
});
afterEach(async () => {
  if (running === null) return;
  const ended = new Promise((resolve) => running!.child.once('exit', resolve));
  running.child.kill('SIGTERM');
  await ended;
  running = null;
});
afterAll(async () => {
  await upstream.stop();
  rmSync(home, { recursive: true, force: true });
});

/** Starts policyd with the arguments of a manifest, its folders and port put where this machine has them. @returns its address. */
async function start(
  args: readonly string[],
  places: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const port = await findFreePort();
  const [script, ...flags] = args;
  expect(script).toBe('dist/runtime/bin.js');
  const put = flags.map((flag) => places[flag] ?? (flag === '8080' ? port : flag));
  running = launch(put, { OLLAMA_URL: upstream.url, ...more, ...(flags.includes('--port') ? {} : { POLICYD_PORT: port }) });
  const { output, child } = running;
  await until(() => output.join('').includes('serving on') || child.exitCode !== null, 'policyd', 30_000);
  expect(output.join('')).toContain('serving on');
  return `http://127.0.0.1:${port}`;
}

const ask = (url: string, path: string): Promise<Response> => fetch(url + path, { headers: { authorization: `Bearer ${key}` } });

/** What a kubelet does to a volume: a new folder of files, then one link that is replaced. */
function writeVolume(volume: string, version: string, from: string): void {
  mkdirSync(join(volume, `..${version}`), { recursive: true });
  for (const file of ['router.js', 'manifest.json']) {
    cpSync(join(from, file), join(volume, `..${version}`, file));
    if (!existsSync(join(volume, file))) symlinkSync(join('..data', file), join(volume, file));
  }
  symlinkSync(`..${version}`, join(volume, '..data_tmp'));
  renameSync(join(volume, '..data_tmp'), join(volume, '..data'));
}

function compile(out: string): string {
  execFileSync(process.execPath, [POLICYC, 'compile', policies, '--out', out], { stdio: 'pipe' });
  return out;
}

test('kubernetes: policyd starts as the manifest says, answers its probes, and swaps when the ConfigMap changes', {
  timeout: 90_000,
}, async () => {
  const volume = join(home, 'volume');
  writeVolume(volume, 'one', compile(join(home, 'artifact')));
  const url = await start(container.args, { '/policy': volume, '/data': join(home, 'data') });
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    expect(container[probe].httpGet.port).toBe(container.ports[0].name);
    expect((await fetch(url + container[probe].httpGet.path)).status, probe).toBe(200);
  }
  const scraped = deployment.spec.template.metadata.annotations;
  expect((await fetch(url + scraped['prometheus.io/path'])).status).toBe(200);
  expect((await ask(url, '/v1/models/assistant')).status).toBe(404);
  writeFileSync(join(policies, 'more.yaml'), 'aliases: { assistant: private }\n');
  writeVolume(volume, 'two', compile(join(home, 'artifact')));
  await until(async () => (await ask(url, '/v1/models/assistant')).status === 200, 'the new policy');
});

test('compose: policyd compiles the mounted policy and serves it', { timeout: 90_000 }, async () => {
  const env = Object.fromEntries([...dockerfile.matchAll(/(POLICYD_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
  expect(Object.keys(env)).toContain('POLICYD_HOST');
  const folders = { POLICYD_POLICY: join(home, 'compiled'), POLICYD_DATA: join(home, 'data') };
  const url = await start(compose.services.policyd.command, { '/policies': policies }, { ...env, ...folders });
  expect((await ask(url, '/v1/models/private')).status).toBe(200);
  expect((await fetch(`${url}/v1/models`)).status, 'nobody comes in without a key').toBe(401);
  const { tmpfs, volumes } = compose.services.policyd;
  for (const folder of [env.POLICYD_POLICY, env.POLICYD_DATA])
    expect(tmpfs.some((mount: string) => mount.startsWith(`${folder}:`))).toBe(true);
  for (const [from] of volumes.map((mount: string) => mount.split(':'))) expect(existsSync(join(ROOT, 'deploy', from))).toBe(true);
});

test('the shipped policy lets nobody in from other machines before it has callers', async () => {
  const bare = join(home, 'bare');
  execFileSync(process.execPath, [POLICYC, 'compile', join(ROOT, 'deploy/policies'), '--out', bare], { stdio: 'pipe' });
  const { child, output } = launch(['--policy', bare, '--data', join(home, 'data'), '--host', '0.0.0.0', '--port', '0']);
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(2);
  expect(output.join('')).toContain('[no-keys]');
});

test('kubernetes: names, labels, times and rights fit each other', () => {
  const files = readdirSync(KUBERNETES).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
  const kustomization = readManifest('kubernetes/kustomization.yaml');
  expect([...kustomization.resources].sort()).toEqual(files.sort());
  const byKind = new Map(files.map((name) => [readManifest(`kubernetes/${name}`).kind, readManifest(`kubernetes/${name}`)]));
  const { labels } = deployment.spec.template.metadata;
  expect(deployment.spec.selector.matchLabels).toEqual(labels);
  expect(byKind.get('Service').spec.selector).toEqual(labels);
  expect(byKind.get('PodDisruptionBudget').spec.selector.matchLabels).toEqual(labels);
  expect(byKind.get('NetworkPolicy').spec.podSelector.matchLabels).toEqual(labels);
  expect(byKind.get('NetworkPolicy').spec.ingress[0].from[0].podSelector.matchLabels).not.toHaveProperty(['app.kubernetes.io/name']);
  expect(byKind.get('Service').spec.ports[0].targetPort).toBe(container.ports[0].name);
  expect(byKind.get('ServiceAccount').metadata.name).toBe(pod.serviceAccountName);
  const [generated] = kustomization.configMapGenerator;
  expect(pod.volumes[0].configMap.name).toBe(generated.name);
  expect(generated.files).toEqual(['artifact/router.js', 'artifact/manifest.json']);
  expect(kustomization.generatorOptions.disableNameSuffixHash).toBe(true);
  expect(pod.enableServiceLinks).toBe(false);
  const drain = Number(container.args[container.args.indexOf('--drain') + 1]) / 1_000;
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(drain + container.lifecycle.preStop.sleep.seconds);
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } });
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(container.volumeMounts.map(({ subPath }: Manifest) => subPath)).toEqual([undefined, undefined]);
  const mounts = container.volumeMounts.map(({ mountPath }: Manifest) => mountPath);
  for (const flag of ['--policy', '--data']) expect(mounts).toContain(container.args[container.args.indexOf(flag) + 1]);
});

test('variables are those that policyd, its store or the shipped policy reads', () => {
  const policy = readFileSync(join(ROOT, 'deploy/policies/policy.yaml'), 'utf8');
  const known = new Set([...OPTIONS.map(({ flag }) => toVariable(flag)), 'DATABASE_URL', 'NODE_ENV']);
  const given = [
    ...container.env.map(({ name }: Manifest) => name),
    ...Object.keys(compose.services.policyd.environment),
    ...[...dockerfile.matchAll(/^(?:ENV|\s+)\s*([A-Z_]+)=/gm)].map(([, name]) => name),
  ];
  expect(given).toEqual(expect.arrayContaining(['DATABASE_URL', 'OLLAMA_URL', 'POLICYD_PORT']));
  for (const name of given) expect(known.has(name) || policy.includes(name), name).toBe(true);
  // A variable that is set but empty is a mistake to policyd.
  expect(compose.services.policyd.environment.OPENAI_API_KEY).toBeNull();
});

test('dockerfile: what it copies and starts is there, and its context lets it in', () => {
  const admitted = readFileSync(join(ROOT, 'deploy/Dockerfile.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'));
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)]
    .flatMap(([, names]) => names.split(' '))
    .filter((name) => name !== '.');
  expect(copied).toContain('package-lock.json');
  for (const name of [...copied, ...admitted.map((line) => line.slice(1))]) {
    expect(existsSync(join(ROOT, name)), name).toBe(true);
    expect(admitted, name).toContain(`!${name}`);
  }
  const { extends: base, include } = parse(readFileSync(join(ROOT, 'tsconfig.build.json'), 'utf8'));
  for (const name of [base.slice(2), 'tsconfig.build.json', ...include]) expect(admitted).toContain(`!${name}`);
  expect(dockerfile).toMatch(/^USER 65532:65532$/m);
  for (const [, script] of dockerfile.matchAll(/"(dist\/[^"]+)"/g)) expect(existsSync(join(ROOT, script.slice('dist/'.length)))).toBe(true);
});
