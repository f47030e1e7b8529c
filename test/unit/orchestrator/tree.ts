import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder with these files, in place of `/`; gone when the test is over. */
export function makeTree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'policyd-tree-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const MEMINFO = `MemTotal:       16384000 kB
MemFree:         2000000 kB
MemAvailable:    8000000 kB
Buffers:           79512 kB
`;
const STAT = `cpu  1000 100 500 90000 400 0 50 20 0 0
cpu0 500 50 250 45000 200 0 25 10 0 0
`;

/** What every machine here has. */
export const MACHINE = { 'proc/meminfo': MEMINFO, 'proc/stat': STAT };

/** A service of systemd on cgroup version 2: recorded on Debian 13, its numbers changed. */
export const SERVICE_V2 = {
  ...MACHINE,
  'proc/self/cgroup': '0::/system.slice/policyd.service\n',
  'proc/self/mountinfo':
    '24 30 0:22 / /proc rw,nosuid - proc proc rw\n29 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n',
  'sys/fs/cgroup/cpuset.cpus.effective': '0-7\n',
  'sys/fs/cgroup/cpu.stat': 'usage_usec 999999999\n',
  'sys/fs/cgroup/system.slice/cpu.max': 'max 100000\n',
  'sys/fs/cgroup/system.slice/memory.max': '8589934592\n',
  'sys/fs/cgroup/system.slice/memory.current': '5368709120\n',
  'sys/fs/cgroup/system.slice/memory.stat': 'anon 4000000000\nfile 1100000000\ninactive_file 1073741824\nactive_file 100000\n',
  'sys/fs/cgroup/system.slice/policyd.service/cpu.max': '150000 100000\n',
  'sys/fs/cgroup/system.slice/policyd.service/cpu.stat': 'usage_usec 5000000\nuser_usec 4000000\nsystem_usec 1000000\n',
  'sys/fs/cgroup/system.slice/policyd.service/memory.max': 'max\n',
  'sys/fs/cgroup/system.slice/policyd.service/memory.current': '1000000\n',
};

/** A container of Docker on cgroup version 1: it sees its own cgroup as the root of each mount. */
export const CONTAINER_V1 = {
  ...MACHINE,
  'proc/self/cgroup':
    '12:cpuset:/docker/4ab9\n5:cpu,cpuacct:/docker/4ab9\n4:memory:/docker/4ab9\n1:name=systemd:/docker/4ab9\n0::/system.slice/containerd.service\n',
  'proc/self/mountinfo': [
    '642 641 0:29 /docker/4ab9 /sys/fs/cgroup/cpuset ro,nosuid - cgroup cgroup rw,cpuset',
    '643 641 0:30 /docker/4ab9 /sys/fs/cgroup/cpu,cpuacct ro,nosuid - cgroup cgroup rw,cpu,cpuacct',
    '644 641 0:31 /docker/4ab9 /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory',
    '645 641 0:32 /docker/4ab9 /sys/fs/cgroup/systemd ro,nosuid - cgroup cgroup rw,xattr,name=systemd',
  ].join('\n'),
  'sys/fs/cgroup/cpuset/cpuset.effective_cpus': '1,3-4\n',
  'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '200000\n',
  'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
  'sys/fs/cgroup/cpu,cpuacct/cpuacct.usage': '7000000000\n',
  'sys/fs/cgroup/memory/memory.limit_in_bytes': '2147483648\n',
  'sys/fs/cgroup/memory/memory.usage_in_bytes': '1610612736\n',
  'sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 536870912\n',
};
