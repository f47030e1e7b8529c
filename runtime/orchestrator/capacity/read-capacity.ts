import { join } from 'node:path';
import { type Cgroup, readCgroups, readText } from './read-cgroups.ts';

/** What a process may use of its machine, and what it uses. */
export interface Measured {
  /** Cores: those of the machine, of the set of them and of the quota, whatever is least. */
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  /** Ms of CPU time that were used since some moment, over all cores that count; null = it is not told. */
  readonly busyMs: number | null;
  /** What limits cores and memory, for people. */
  readonly limitedBy: readonly string[];
}

/** What the machine itself has: where no cgroup says less. */
export interface Machine {
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
}

/**
 * Measures by `/proc` and cgroups (both versions; nested: the tightest on the path). `root`: where `/proc` and `/sys` are. What is
 * missing or makes no sense limits nothing.
 */
export function readCapacity(machine: Machine, root = '/'): Measured {
  const cgroups = readCgroups(root);
  const limitedBy: string[] = [];
  const tightest = (what: string, start: number, read: (cgroup: Cgroup) => number | null): number => {
    let least = start;
    for (const cgroup of cgroups) {
      const limit = read(cgroup);
      if (limit === null || !(limit > 0) || limit >= least) continue;
      least = limit;
      limitedBy.push(`${what}: ${cgroup.folder}`);
    }
    return least;
  };
  const cpuCores = tightest('cpu', tightest('cpuset', machine.cpuCores, readCpuset), readQuota);
  const memoryBytes = tightest('memory', machine.memoryBytes, readMemoryLimit);
  let freeMemoryBytes = Math.min(readAvailable(root) ?? machine.freeMemoryBytes, memoryBytes);
  for (const cgroup of cgroups) {
    const limit = readMemoryLimit(cgroup);
    const used = readMemoryUse(cgroup);
    // A limit that is more than the machine has tells nothing of what is free.
    if (limit === null || used === null || limit > machine.memoryBytes) continue;
    freeMemoryBytes = Math.min(freeMemoryBytes, Math.max(0, limit - used));
  }
  return { cpuCores, memoryBytes, freeMemoryBytes, busyMs: readBusy(cgroups, cpuCores < machine.cpuCores, root), limitedBy };
}

/** `cpu.max`: `<quota|max> <period>`; version 1 has a file for each, and -1 for none. Cores. */
function readQuota({ version, controller, folder }: Cgroup): number | null {
  if (version === 2) {
    const [, quota, period] = /^(\d+) (\d+)\s*$/.exec(readText(join(folder, 'cpu.max')) ?? '') ?? [];
    return quota === undefined ? null : share(Number(quota), Number(period));
  }
  if (controller !== 'cpu') return null;
  return share(readNumber(join(folder, 'cpu.cfs_quota_us')), readNumber(join(folder, 'cpu.cfs_period_us')));
}

function share(quota: number | null, period: number | null): number | null {
  return quota !== null && period !== null && quota > 0 && period > 0 ? quota / period : null;
}

/** How many cores `0-3,8` are. */
function readCpuset({ version, controller, folder }: Cgroup): number | null {
  if (version === 1 && controller !== 'cpuset') return null;
  const text = ['cpuset.cpus.effective', 'cpuset.effective_cpus', 'cpuset.cpus']
    .map((name) => readText(join(folder, name))?.trim())
    .find(Boolean);
  if (text === undefined) return null;
  let cores = 0;
  for (const range of text.split(',')) {
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    if (first === undefined) return null;
    cores += Math.max(0, Number(last ?? first) - Number(first) + 1);
  }
  return cores;
}

function readMemoryLimit({ version, controller, folder }: Cgroup): number | null {
  if (version === 2) return readNumber(join(folder, 'memory.max'));
  return controller === 'memory' ? readNumber(join(folder, 'memory.limit_in_bytes')) : null;
}

/** Bytes in use that cannot be had back for nothing: all, less what files were read long ago. */
function readMemoryUse({ version, controller, folder }: Cgroup): number | null {
  if (version === 1 && controller !== 'memory') return null;
  const used = readNumber(join(folder, version === 2 ? 'memory.current' : 'memory.usage_in_bytes'));
  if (used === null) return null;
  const word = version === 2 ? 'inactive_file' : 'total_inactive_file';
  const [, cached] = new RegExp(`^${word} (\\d+)$`, 'm').exec(readText(join(folder, 'memory.stat')) ?? '') ?? [];
  return Math.max(0, used - Number(cached ?? 0));
}

function readAvailable(root: string): number | null {
  const [, kilobytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(readText(join(root, 'proc/meminfo')) ?? '') ?? [];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/**
 * CPU time in use: of the innermost cgroup where cores are limited, since what others do with the machine's does not count then; of the whole machine
 * elsewhere.
 */
function readBusy(cgroups: readonly Cgroup[], limited: boolean, root: string): number | null {
  if (limited) {
    for (const { version, controller, folder } of cgroups) {
      if (version === 1 && controller === 'cpuacct') {
        const nanoseconds = readNumber(join(folder, 'cpuacct.usage'));
        if (nanoseconds !== null) return nanoseconds / 1e6;
      }
      const [, microseconds] = version === 2 ? (/^usage_usec (\d+)$/m.exec(readText(join(folder, 'cpu.stat')) ?? '') ?? []) : [];
      if (microseconds !== undefined) return Number(microseconds) / 1e3;
    }
  }
  const [, text] = /^cpu +([\d ]+)$/m.exec(readText(join(root, 'proc/stat')) ?? '') ?? [];
  if (text === undefined) return null;
  // user, nice, system, idle, iowait, irq, softirq, steal: in hundredths of a second; guests are counted in user.
  const [user, nice, system, , , irq = 0, softirq = 0, steal = 0] = text.trim().split(' ').map(Number);
  return (user + nice + system + irq + softirq + steal) * 10;
}

/** Null: no file, or `max`, or no number. Version 1 writes no limit as a number near 2^63. */
function readNumber(path: string): number | null {
  const text = readText(path)?.trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}
