import { availableParallelism, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CapacityProbe } from '../../../runtime/orchestrator/capacity/capacity-probe.ts';
import { readCapacity } from '../../../runtime/orchestrator/capacity/read-capacity.ts';
import { readCgroups } from '../../../runtime/orchestrator/capacity/read-cgroups.ts';
import { CONTAINER_V1, MACHINE, makeTree, SERVICE_V2 } from './tree.ts';

const GIB = 2 ** 30;
const machine = { cpuCores: 8, memoryBytes: 16 * GIB, freeMemoryBytes: 3 * GIB };
const AVAILABLE = 8_000_000 * 1024;

describe('capacity by the files of the kernel', () => {
  test('version 2: the tightest on the path counts, for cores and memory each', () => {
    const found = readCapacity(machine, makeTree(SERVICE_V2));
    expect(found).toMatchObject({ cpuCores: 1.5, memoryBytes: 8 * GIB, freeMemoryBytes: 8 * GIB - 5 * GIB + GIB });
    // Where cores are limited, what others do with the machine's is not our load.
    expect(found.busyMs).toBe(5_000);
    expect(found.limitedBy.map((line) => line.split(': ')[0])).toEqual(['cpu', 'memory']);
  });

  test('version 1 in a container: quota, set of cores, memory without what files were read long ago', () => {
    expect(readCapacity(machine, makeTree(CONTAINER_V1))).toMatchObject({
      cpuCores: 2,
      memoryBytes: 2 * GIB,
      freeMemoryBytes: GIB,
      busyMs: 7_000,
    });
    const { 'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': _, ...unlimited } = CONTAINER_V1;
    expect(readCapacity(machine, makeTree(unlimited)).cpuCores).toBe(3);
  });

  test('version 1 without limits writes numbers that are more than any machine has', () => {
    const found = readCapacity(
      machine,
      makeTree({
        ...CONTAINER_V1,
        'sys/fs/cgroup/cpuset/cpuset.effective_cpus': '0-31\n',
        'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
        'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      }),
    );
    expect(found).toMatchObject({ cpuCores: 8, memoryBytes: 16 * GIB, freeMemoryBytes: AVAILABLE, limitedBy: [] });
    // user, nice, system, irq, softirq, steal, in hundredths of a second; neither idle nor iowait.
    expect(found.busyMs).toBe((1000 + 100 + 500 + 0 + 50 + 20) * 10);
  });

  test('no cgroups, no files: the machine', () => {
    expect(readCapacity(machine, makeTree(MACHINE))).toMatchObject({ cpuCores: 8, memoryBytes: 16 * GIB, freeMemoryBytes: AVAILABLE });
    expect(readCapacity(machine, '/nowhere')).toEqual({ ...machine, busyMs: null, limitedBy: [] });
  });

  test('a cgroup that uses more than its limit has nothing free, not less', () => {
    const over = { ...SERVICE_V2, 'sys/fs/cgroup/system.slice/memory.current': '99999999999\n' };
    expect(readCapacity(machine, makeTree(over)).freeMemoryBytes).toBe(0);
  });

  test('the path is walked from the inside out, and never out of the mount', () => {
    const root = makeTree({ ...SERVICE_V2, 'proc/self/cgroup': '0::/a/b\n' });
    expect(readCgroups(root).map(({ folder }) => folder.slice(root.length))).toEqual([
      '/sys/fs/cgroup/a/b',
      '/sys/fs/cgroup/a',
      '/sys/fs/cgroup/',
    ]);
    const outside = makeTree({ ...SERVICE_V2, 'proc/self/cgroup': '0::/../../etc\n' });
    expect(readCgroups(outside).map(({ folder }) => folder.slice(outside.length))).toEqual(['/sys/fs/cgroup/']);
  });

  test('a mount with a space in its path is found', () => {
    const root = makeTree({
      ...MACHINE,
      'proc/self/cgroup': '0::/\n',
      'proc/self/mountinfo': '29 23 0:26 / /sys/fs/c\\040group rw - cgroup2 cgroup2 rw\n',
      'sys/fs/c group/cpu.max': '50000 100000\n',
    });
    expect(readCapacity(machine, root).cpuCores).toBe(0.5);
  });

  test('law: whatever the files say, no more than the machine, and nothing below zero', () => {
    const garbage = fc.oneof(
      fc.constantFrom(
        'max',
        '-1',
        '0',
        '',
        'max 100000',
        '0 0',
        '100000 0',
        '-5 100000',
        '1e9 1',
        '0-',
        ',,',
        '7-3',
        'NaN',
        '9223372036854771712',
      ),
      fc.string(),
      fc.nat().map(String),
      fc.tuple(fc.nat(), fc.nat()).map(([quota, period]) => `${quota} ${period}`),
    );
    const names = Object.keys({ ...SERVICE_V2, ...CONTAINER_V1 });
    fc.assert(
      fc.property(
        fc.constantFrom(SERVICE_V2, CONTAINER_V1),
        fc.dictionary(fc.constantFrom(...names), garbage, { maxKeys: 6 }),
        (tree, broken) => {
          const found = readCapacity(machine, makeTree({ ...tree, ...broken }));
          expect(found.cpuCores).toBeGreaterThan(0);
          expect(found.cpuCores).toBeLessThanOrEqual(machine.cpuCores);
          expect(found.memoryBytes).toBeGreaterThan(0);
          expect(found.memoryBytes).toBeLessThanOrEqual(machine.memoryBytes);
          expect(found.freeMemoryBytes).toBeGreaterThanOrEqual(0);
          expect(found.freeMemoryBytes).toBeLessThanOrEqual(found.memoryBytes);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('the probe', () => {
  test('load is the share of the cores that were busy between two readings', () => {
    const root = makeTree({ ...SERVICE_V2, 'sys/fs/cgroup/system.slice/cpu.max': 'max 100000\n' });
    const probe = new CapacityProbe(root);
    expect(probe.current.load).toBe(0);
    const cores = probe.current.cpuCores;
    const use = (microseconds: number): void =>
      writeFileSync(join(root, 'sys/fs/cgroup/system.slice/policyd.service/cpu.stat'), `usage_usec ${microseconds}\n`);
    const start = performance.now() + 1_000;
    probe.measure(start);
    // Where this machine has fewer cores than the quota, the quota limits nothing, and the machine's own time counts.
    if (cores < availableParallelism()) {
      use(5_000_000 + 500_000 * cores);
      probe.measure(start + 1_000);
      expect(probe.current.load).toBeCloseTo(0.5, 5);
      use(5_000_000 + 500_000 * cores - 100);
      probe.measure(start + 2_000);
      expect(probe.current.load, 'a counter that goes back').toBe(0);
      use(900_000_000);
      probe.measure(start + 3_000);
      expect(probe.current.load, 'more than there is').toBe(1);
    }
  });

  test('this machine: plausible, and a busy core shows', { timeout: 60_000 }, async () => {
    const probe = new CapacityProbe();
    await probe.start();
    try {
      const { cpuCores, memoryBytes, freeMemoryBytes } = probe.current;
      expect(cpuCores).toBeGreaterThan(0);
      expect(cpuCores).toBeLessThanOrEqual(availableParallelism());
      expect(memoryBytes).toBeLessThanOrEqual(totalmem());
      expect(freeMemoryBytes).toBeGreaterThan(0);
      expect(freeMemoryBytes).toBeLessThanOrEqual(memoryBytes);
      probe.measure();
      for (const end = performance.now() + 500; performance.now() < end; );
      probe.measure();
      // Other processes may be busy, too; this one was for certain.
      expect(probe.current.load).toBeGreaterThan(0.2 / cpuCores);
      await sleep(0);
    } finally {
      probe.close();
    }
  });
});
