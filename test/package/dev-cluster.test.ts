import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../deploy/dev-cluster.sh', import.meta.url));

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'policyd-dev-'));
  mkdirSync(join(home, 'bin'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A command that writes down how it was called. */
function put(name: string, script = ''): void {
  const file = join(home, 'bin', name);
  writeFileSync(file, `#!/bin/sh\necho "${name} $*" >> "${home}/calls"\n${script}\n`);
  chmodSync(file, 0o755);
}
function run(...args: string[]) {
  const told = spawnSync('bash', [SCRIPT, ...args], {
    cwd: home,
    encoding: 'utf8',
    env: { PATH: `${join(home, 'bin')}:/bin:/usr/bin`, HOME: home },
  });
  return { ...told, calls: existsSync(join(home, 'calls')) ? readFileSync(join(home, 'calls'), 'utf8').trim().split('\n') : [] };
}
const KIND = `case "$*" in
  "get clusters") cat "$(dirname "$0")/../cluster" 2>/dev/null ;;
  "create cluster"*) echo policyd > "$(dirname "$0")/../cluster" ;;
  "delete cluster"*) rm -f "$(dirname "$0")/../cluster" ;;
  "get kubeconfig"*) echo "apiVersion: v1" ;;
esac`;

test('it says how it is used; what it does not know is exit 2', () => {
  expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('usage:') });
  for (const args of [[], ['sideways'], ['up', '--with', 'minikube'], ['up', 'down'], ['up', '--with']])
    expect(run(...args).status, args.join(' ')).toBe(2);
});

test('started twice it is one cluster; its kubeconfig is for its owner alone; ended twice it is gone', () => {
  put('kind', KIND);
  put('kubectl');
  for (let round = 0; round < 2; round += 1) {
    const { status, stdout, stderr } = run('up', '--with', 'kind');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain('npx policyd --runners local,kubernetes --kubeconfig .policyd/kubeconfig --kube-namespace policyd-workloads');
  }
  const { calls } = run('status');
  expect(calls.filter((call) => call.startsWith('kind create'))).toHaveLength(1);
  expect(calls.filter((call) => call.includes('apply -k'))).toHaveLength(2);
  expect(statSync(join(home, '.policyd/kubeconfig')).mode & 0o777).toBe(0o600);
  for (let round = 0; round < 2; round += 1) expect(run('down', '--with', 'kind').status).toBe(0);
  expect(existsSync(join(home, '.policyd/kubeconfig'))).toBe(false);
});

test.each(['k3s', 'microk8s'])('%s that is there is used, and stays', (name) => {
  put(name, 'case "$*" in *config*) echo "apiVersion: v1" ;; esac');
  put('systemctl');
  put('sudo', 'exec "$@"');
  put('kubectl');
  expect(run('up', '--with', name).status).toBe(0);
  const { status, calls } = run('down', '--with', name);
  expect(status).toBe(0);
  expect(calls.some((call) => / delete --ignore-not-found -k /.test(call))).toBe(true);
  expect(calls.filter((call) => /uninstall|stop|reset/.test(call))).toEqual([]);
});

test('without a cluster to start, it says which there are', () => {
  put('kubectl');
  expect(run('up', '--with', 'microk8s')).toMatchObject({ status: 1, stderr: expect.stringContaining('`microk8s` is not installed') });
});
