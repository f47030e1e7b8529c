import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiServer } from '../../../runtime/orchestrator/kubernetes/api-server.ts';
import { KubernetesRunner } from '../../../runtime/orchestrator/kubernetes/kubernetes-runner.ts';
import { readKubeconfig } from '../../../runtime/orchestrator/kubernetes/read-kubeconfig.ts';
import { RunnerError } from '../../../runtime/orchestrator/runner.ts';
import { openRunner, request } from '../../kube/cluster-world.ts';
import { KubeServer, type Rule } from '../../kube/kube-server.ts';

let home: string;
let server: KubeServer;
let runner: KubernetesRunner | null;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'policyd-kube-'));
  server = await KubeServer.start();
  server.addNode('one');
  runner = null;
});
afterEach(async () => {
  await runner?.close();
  await server.close();
  rmSync(home, { recursive: true, force: true });
});

async function errorOf(act: Promise<unknown>): Promise<RunnerError> {
  const error = await act.then(
    () => expect.unreachable('it succeeded'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RunnerError);
  expect((error as Error).message).not.toContain('secret');
  expect((error as Error).message).toMatch(/\[kube-[a-z-]+\] help: \S/);
  return error as RunnerError;
}

const status = (code: number, reason: string, message: string, details?: object): { status: number; body: string } => ({
  status: code,
  body: JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code }),
});

test('credentials that nobody knows: 401, which may pass when they are renewed', async () => {
  runner = openRunner(server, { token: 'secret-of-nobody' });
  const error = await errorOf(runner.start(request(['true'])));
  expect(error).toMatchObject({ code: 'unauthorized', fatal: false });
  expect(error.message).toContain('cluster `test` does not take the credentials');
});

test('a token that is renewed where it comes from is fetched again at the first 401', async () => {
  server.users.set('secret-1', { name: 'a', rules: null });
  const more = { token: 'secret-1' };
  runner = openRunner(server, more);
  await expect.poll(() => runner!.nodes()[0].reachable, { timeout: 20_000 }).toBe(true);
  server.users.delete('secret-1');
  server.users.set('secret-2', { name: 'a', rules: null });
  more.token = 'secret-2';
  expect((await runner.start(request(['true']))).phase).toBe('pending');
});

test('no right: 403 tells the verb, the resource, the namespace and the rule to add', async () => {
  const rules: Rule[] = [{ verbs: ['get', 'list', 'watch'], resources: ['pods', 'nodes'], namespace: null }];
  server.users.set('secret-few', { name: 'system:serviceaccount:policyd:policyd', rules });
  runner = openRunner(server, { token: 'secret-few' });
  const error = await errorOf(runner.start(request(['true'])));
  expect(error).toMatchObject({ code: 'forbidden', fatal: true });
  expect(error.message).toContain('cannot create pods in namespace `policyd`');
  expect(error.message).toContain('help: add to its Role: {apiGroups: [""], resources: ["pods"], verbs: ["create"]}');
});

test('a namespace that is not there: 404 tells how to make it', async () => {
  runner = openRunner(server, { namespace: 'elsewhere' });
  const error = await errorOf(runner.start(request(['true'])));
  expect(error).toMatchObject({ code: 'no_namespace', fatal: true });
  expect(error.message).toContain('kubectl create namespace elsewhere');
});

test('a wrong pod: 422 tells every field', async () => {
  runner = openRunner(server);
  const run = request(['true'], { env: { 'not a name': 'x' }, image: 'with space' });
  const error = await errorOf(runner.start(run));
  expect(error).toMatchObject({ code: 'invalid', fatal: true });
  expect(error.message).toContain('`spec.containers[0].image`');
  expect(error.message).toContain('`spec.containers[0].env`');
});

test.each([
  ['quota', false, status(403, 'Forbidden', 'pods "a" is forbidden: exceeded quota: small, requested: cpu=1, used: cpu=4, limited: cpu=4')],
  ['forbidden', true, status(403, 'Forbidden', 'pods "a" is forbidden: violates PodSecurity "restricted:latest": runAsUser=0')],
  ['conflict', false, status(409, 'Conflict', 'Operation cannot be fulfilled on resourcequotas "small"')],
  ['too_many_requests', false, { status: 429, body: 'Too many requests, please try again later.', headers: { 'retry-after': '0' } }],
  ['unavailable', false, { status: 502, body: '<html>bad gateway</html>' }],
  ['unavailable', false, status(500, 'InternalError', 'Internal error occurred: failed calling webhook "x"')],
  ['network', false, 'drop'],
  ['network', false, 'cut'],
] as const)('%s, fatal %s', async (code, fatal, fault) => {
  runner = openRunner(server);
  server.fail(({ verb }) => verb === 'create' || verb === 'get', fault, 100);
  expect(await errorOf(runner.start(request(['true'])))).toMatchObject({ code, fatal });
});

describe('kubeconfigs', () => {
  const settings = (kubeconfig: string | null, context: string | null = null) => ({ kubeconfig, context, namespace: 'policyd' });
  const open = async (text: string, env: Record<string, string> = {}): Promise<KubernetesRunner> => {
    writeFileSync(join(home, 'config'), text);
    const { client, kube, reload } = await readKubeconfig(settings(join(home, 'config')), env);
    runner = new KubernetesRunner({
      server: new ApiServer(client, kube, reload),
      namespace: 'policyd',
      name: kube.getCurrentContext(),
      log: pino({ level: 'silent' }),
    });
    return runner;
  };
  const reaches = (one: KubernetesRunner) => expect.poll(() => one.nodes()[0].reachable, { timeout: 20_000 }).toBe(true);
  const withUser = (user: object): string => {
    const config = JSON.parse(server.kubeconfig());
    config.users[0].user = user;
    return JSON.stringify(config);
  };

  test('an exec plugin is asked for its token; when it fails, what it said is not repeated', async () => {
    const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: 'admin-token' } };
    const exec = (script: string) =>
      withUser({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', script] } });
    const good = await open(exec(`echo '${JSON.stringify(credential)}'`));
    await reaches(good);
    await good.close();
    const bad = await open(exec('printf "token secret-of-plugin\\nexpired\\n" >&2; exit 1'));
    expect(await errorOf(bad.start(request(['true'])))).toMatchObject({ code: 'credentials', fatal: false });
  });

  test('a token in a file', async () => {
    writeFileSync(join(home, 'token'), 'admin-token');
    await reaches(await open(withUser({ 'auth-provider': { name: 'tokenFile', config: { tokenFile: join(home, 'token') } } })));
  });

  test('TLS: the authority of the kubeconfig is believed, and no other', async () => {
    const make = (name: string): void =>
      void execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'rsa:2048',
          '-nodes',
          '-days',
          '2',
          '-subj',
          '/CN=127.0.0.1',
          '-addext',
          'subjectAltName=IP:127.0.0.1',
          '-keyout',
          join(home, `${name}.key`),
          '-out',
          join(home, `${name}.crt`),
        ],
        { stdio: 'ignore' },
      );
    make('right');
    make('wrong');
    const read = (file: string): string => readFileSync(join(home, file), 'utf8');
    const secure = await KubeServer.start({ key: read('right.key'), cert: read('right.crt'), ca: read('right.crt') });
    try {
      secure.addNode('one');
      const believed = await open(secure.kubeconfig());
      await reaches(believed);
      await believed.close();
      const config = JSON.parse(secure.kubeconfig());
      config.clusters[0].cluster['certificate-authority-data'] = Buffer.from(read('wrong.crt')).toString('base64');
      expect(await errorOf((await open(JSON.stringify(config))).start(request(['true'])))).toMatchObject({ code: 'network', fatal: false });
    } finally {
      await secure.close();
    }
  });

  test('$KUBECONFIG lists files; a context is chosen by name', async () => {
    writeFileSync(join(home, 'a'), server.kubeconfig('admin-token', 'first').replaceAll('"test"', '"a"'));
    writeFileSync(join(home, 'b'), server.kubeconfig('admin-token', 'second').replaceAll('"test"', '"b"'));
    const env = { KUBECONFIG: `${join(home, 'a')}:${join(home, 'b')}`, HOME: home };
    expect((await readKubeconfig(settings(null), env)).kube.getCurrentContext()).toBe('first');
    expect((await readKubeconfig(settings(null, 'second'), env)).kube.getCurrentContext()).toBe('second');
  });

  test.each([
    ['no file', null, /`.*none` cannot be read: it is not there/],
    ['no YAML', ': [', /cannot be read/],
    ['nothing in it', '', /cannot be read|no current context/],
    [
      'no such context',
      '{"current-context":"x","contexts":[{"name":"y","context":{"cluster":"c"}}],"clusters":[],"users":[]}',
      /no context `x`; it has y/,
    ],
    [
      'no such cluster',
      '{"current-context":"y","contexts":[{"name":"y","context":{"cluster":"c"}}],"clusters":[],"users":[]}',
      /names cluster `c`, which/,
    ],
  ])('wrong: %s', async (_, text, told) => {
    if (text !== null) writeFileSync(join(home, 'none'), text);
    await expect(readKubeconfig(settings(join(home, 'none')), {})).rejects.toThrow(told);
  });
});
