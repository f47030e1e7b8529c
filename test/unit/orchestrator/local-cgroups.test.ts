import { accessSync, constants, existsSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readCgroups } from '../../../runtime/orchestrator/capacity/read-cgroups.ts';
import { inspectConfinement, makeCgroups, type RunCgroups } from '../../../runtime/orchestrator/local/confinement.ts';
import { findRunCgroups } from '../../../runtime/orchestrator/local/find-cgroups.ts';
import { readRunIdentity } from '../../../runtime/orchestrator/local/run-identity.ts';
import { awaitPhase, readOutput, until, watchToEnd } from '../../exams/runners/await.ts';
import { findProcesses } from '../../exams/runners/find-processes.ts';
import { type MachineSite, makeMachine } from '../../exams/runners/machine.ts';
import { makeTree, SERVICE_V2 } from './tree.ts';

const MIB = 2 ** 20;

describe('where cgroups of runs are', () => {
  test.each(['runs', '/', '/a/../b', ''])('`%s` is no path of a cgroup', (path) => {
    const problems: string[] = [];
    findRunCgroups(path, problems);
    expect(problems).toHaveLength(1);
  });

  test('none is asked for', () => {
    expect(findRunCgroups(null, [])).toEqual({ folders: [] });
  });

  test('a cgroup that limits nothing is told with why', () => {
    const problems: string[] = [];
    findRunCgroups('/system.slice/policyd.service/runs', problems, makeTree(SERVICE_V2));
    expect(problems.join()).toMatch(/`--run-cgroup` `\/system.slice\/policyd.service\/runs` cannot limit anything.*delegated/);
  });

  test('limits in the words of both versions', () => {
    const both: RunCgroups = {
      folders: [
        { folder: '/v2/runs', home: '/v2/own', limits: ['cpu', 'memory', 'pids'], version: 2 },
        { folder: '/cpu/runs', home: '/cpu', limits: ['cpu'], version: 1 },
        { folder: '/memory/runs', home: '/memory', limits: ['memory'], version: 1 },
      ],
    };
    expect(makeCgroups(both, 'job-1', 1_500, 512 * MIB)).toEqual([
      {
        folder: '/v2/runs/job-1',
        home: '/v2/own',
        limits: [
          ['cpu.max', '150000 100000'],
          ['memory.max', '536870912'],
          ['memory.oom.group', '1'],
          ['pids.max', '512'],
        ],
      },
      {
        folder: '/cpu/runs/job-1',
        home: '/cpu',
        limits: [
          ['cpu.cfs_period_us', '100000'],
          ['cpu.cfs_quota_us', '150000'],
        ],
      },
      { folder: '/memory/runs/job-1', home: '/memory', limits: [['memory.limit_in_bytes', '536870912']] },
    ]);
    // The kernel takes no quota below a thousandth of a second.
    expect(makeCgroups(both, 'job-1', 1, MIB)[1].limits[1]).toEqual(['cpu.cfs_quota_us', '1000']);
  });
});

/** Folders of the mounted hierarchies that could hold a cgroup of the test's own. */
function isWritable(): boolean {
  const roots = readCgroups().filter(({ controller }) => controller === 'memory' || controller === '');
  try {
    if (roots.length === 0 || process.getuid?.() !== 0) return false;
    for (const { folder } of roots.slice(-1)) accessSync(folder, constants.W_OK);
    const problems: string[] = [];
    const found = findRunCgroups(`/policyd-look-${process.pid}`, problems);
    for (const { folder } of found.folders) rmdirSync(folder);
    return found.folders.some(({ limits }) => limits.includes('memory'));
  } catch {
    return false;
  }
}

// Skipped where this process may not make cgroups that limit memory: root, and a hierarchy that is its own.
describe.skipIf(!isWritable())('runs in cgroups of their own', () => {
  let cgroups: RunCgroups;
  let site: MachineSite;
  beforeAll(async () => {
    const problems: string[] = [];
    cgroups = findRunCgroups(`/policyd-exam-${process.pid}`, problems);
    expect(problems).toEqual([]);
    site = await makeMachine({ confinement: await inspectConfinement(readRunIdentity(null, []), cgroups) });
  });
  afterEach(async () => {
    await until(() => findProcesses(site.folder).length === 0, 'every process to end');
  });
  afterAll(async () => {
    await site.remove();
    for (const { folder } of cgroups.folders) rmdirSync(folder);
  });

  test('limits are set, the run is in them and its shim is not', async () => {
    const runner = await site.open();
    const run = site.makeCommand(['cat', '/proc/self/cgroup'], { needs: { cpuMillis: 250, memoryBytes: 64 * MIB, gpus: 0 } });
    await runner.start(run);
    const [last] = (await watchToEnd(runner, run)).slice(-1);
    expect(last).toMatchObject({ phase: 'succeeded' });
    const output = (await readOutput(runner, run)).toString();
    for (const { folder } of cgroups.folders) {
      expect(output).toContain(`/policyd-exam-${process.pid}/${run.id}`);
      expect(existsSync(join(folder, run.id)), 'gone with its run').toBe(false);
    }
    const stay = site.makeRun({ exit: 'stay' });
    await runner.start(stay);
    await awaitPhase(runner, stay, 'running');
    const { folder } = cgroups.folders.find(({ limits }) => limits.includes('memory'))!;
    const inside = readFileSync(join(folder, stay.id, 'cgroup.procs'), 'utf8')
      .trim()
      .split('\n')
      .map(Number);
    const found = findProcesses(stay.id);
    expect(found.filter(({ command }) => command.includes('shim.js')).some(({ pid }) => inside.includes(pid))).toBe(false);
    expect(inside.length).toBeGreaterThan(0);
    await runner.stop(stay, { grace: 0, evict: false, reason: 'enough' });
  });

  test('more memory than it asked for ends it, and is the reason', async () => {
    const runner = await site.open();
    const grab = [process.execPath, '-e', 'const kept = []; for (;;) kept.push(Buffer.alloc(16 << 20, 1))'];
    const run = site.makeCommand(grab, { needs: { cpuMillis: 1_000, memoryBytes: 256 * MIB, gpus: 0 } });
    await runner.start(run);
    expect((await watchToEnd(runner, run)).at(-1)).toMatchObject({
      phase: 'failed',
      reason: `OOMKilled: it used more than ${256 * MIB} bytes`,
    });
  });

  test('a process that left its session and forgot its environment ends with its run', async () => {
    const runner = await site.open();
    const name = `hidden-${process.pid}`;
    const run = site.makeCommand(['sh', '-c', `env -i setsid sh -c 'cd /; while :; do sleep 0.1; done' ${name} & sleep 0.3`]);
    await runner.start(run);
    expect((await watchToEnd(runner, run)).at(-1)!.phase).toBe('succeeded');
    await until(
      () => findProcesses(name).filter(({ command }) => command.includes(`while :`) && !command.includes('env -i')).length === 0,
      'it to end',
    );
  });

  test('CPU time is limited', { timeout: 60_000 }, async () => {
    if (!cgroups.folders.some(({ limits }) => limits.includes('cpu'))) return;
    const runner = await site.open();
    const spin = [
      process.execPath,
      '-e',
      'const end = Date.now() + 2000; while (Date.now() < end); console.log(process.cpuUsage().user / 1e6)',
    ];
    const run = site.makeCommand(spin, { needs: { cpuMillis: 200, memoryBytes: 256 * MIB, gpus: 0 } });
    await runner.start(run);
    await watchToEnd(runner, run);
    expect(Number((await readOutput(runner, run)).toString())).toBeLessThan(1);
  });
});
