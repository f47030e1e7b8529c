import { availableParallelism, hostname, totalmem } from 'node:os';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { compileText, launch, Policyd, writeArtifact } from '../policyd.ts';

const POLICY = 'backends:\n  box: { type: ollama, url: "http://127.0.0.1:9", models: { small: {} } }\n';

interface Health {
  readonly ok: boolean;
  readonly capacity: {
    readonly cpuCores: number;
    readonly memoryBytes: number;
    readonly freeMemoryBytes: number;
    readonly load: number;
    readonly labels: Readonly<Record<string, string>>;
    readonly workloads: { readonly total: object; readonly free: object } | null;
  };
}

test('health tells what the machine has, what workloads get of it, and its labels', { timeout: 120_000 }, async () => {
  const policyd = await Policyd.start(POLICY, {
    args: ['--node-labels', 'zone=open,region=eu', '--node-capacity', 'cpu=0.5,memory=64MiB'],
  });
  try {
    const { ok, capacity } = await policyd.get<Health>('/health');
    expect(ok).toBe(true);
    expect(capacity.cpuCores).toBeGreaterThan(0);
    expect(capacity.cpuCores).toBeLessThanOrEqual(availableParallelism());
    expect(capacity.memoryBytes).toBeLessThanOrEqual(totalmem());
    expect(capacity.freeMemoryBytes).toBeLessThanOrEqual(capacity.memoryBytes);
    expect(capacity.labels).toEqual({
      os: process.platform,
      arch: process.arch,
      host: hostname().toLowerCase(),
      zone: 'open',
      region: 'eu',
    });
    if (process.platform !== 'linux') return;
    const resources = { cpu_millis: 500, memory_bytes: 64 * 2 ** 20, gpus: 0 };
    expect(capacity.workloads).toEqual({ total: resources, free: resources });
    const loads = new Set<number>();
    for (let i = 0; i < 100 && loads.size < 2; i++) {
      loads.add((await policyd.get<Health>('/health')).capacity.load);
      await sleep(100);
    }
    expect(loads.size, 'the load is measured again').toBeGreaterThan(1);
    for (const load of loads) expect(load >= 0 && load <= 1).toBe(true);
    // Who may not know what is not enforced is everybody who reaches the server.
    expect(JSON.stringify(capacity)).not.toContain('cgroup');
    expect(policyd.lines('this machine takes workloads')).toHaveLength(1);
  } finally {
    await policyd.stop();
  }
});

test('without runners the machine takes nothing, and says so', { timeout: 120_000 }, async () => {
  const policyd = await Policyd.start(POLICY, { env: { POLICYD_RUNNERS: 'none' } });
  try {
    const { capacity } = await policyd.get<Health>('/health');
    expect(capacity.workloads).toBeNull();
    expect(capacity.labels).toMatchObject({ zone: 'restricted' });
  } finally {
    await policyd.stop();
  }
});

test('every wrong option of the machine is told at once, with exit code 2', { timeout: 120_000 }, async () => {
  const home = mkdtempSync(join(tmpdir(), 'policyd-machine-'));
  try {
    writeArtifact(join(home, 'generated'), await compileText(POLICY));
    const wrong = [
      '--node-labels',
      'zone',
      '--node-capacity',
      'cpu=many',
      '--runners',
      'local,docker',
      '--run-as',
      '0:0',
      '--run-cgroup',
      'runs',
    ];
    const { child, output } = launch(['--policy', join(home, 'generated'), '--data', join(home, 'data'), '--port', '0', ...wrong]);
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(2);
    for (const flag of ['--node-labels', '--node-capacity', '--runners', '--run-as', '--run-cgroup'])
      expect(output.join('')).toContain(`\`${flag}\``);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
