import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readCgroups } from '../capacity/read-cgroups.ts';
import type { CgroupLimit, RunCgroups } from './confinement.ts';

/** The file that sets a limit, by version. */
const FILES: Readonly<Record<1 | 2, Readonly<Record<CgroupLimit, string>>>> = {
  1: { cpu: 'cpu.cfs_quota_us', memory: 'memory.limit_in_bytes', pids: 'pids.max' },
  2: { cpu: 'cpu.max', memory: 'memory.max', pids: 'pids.max' },
};
const LIMITS = ['cpu', 'memory', 'pids'] as const;

/**
 * The cgroup `path` (as `/proc/<pid>/cgroup` writes it) in every hierarchy that can limit something, made where it is not there yet. Runs
 * get cgroups below it. What is wrong is added to `problems`.
 */
export function findRunCgroups(path: string | null, problems: string[], root = '/'): RunCgroups {
  if (path === null) return { folders: [] };
  if (!path.startsWith('/') || path === '/' || path.split('/').includes('..')) {
    problems.push(`\`--run-cgroup\` must be the path of a cgroup, like \`/system.slice/policyd.service/runs\`, not \`${path}\``);
    return { folders: [] };
  }
  const own = readCgroups(root);
  const folders: { folder: string; home: string; limits: CgroupLimit[]; version: 1 | 2 }[] = [];
  const reasons: string[] = [];
  // The outermost cgroup of a controller is where its hierarchy is mounted, the innermost is this process's.
  for (const controller of ['', ...LIMITS]) {
    const line = own.filter((cgroup) => cgroup.controller === controller);
    if (line.length === 0) continue;
    const { version, folder: mount } = line.at(-1)!;
    const folder = join(mount, path);
    const wanted = version === 2 ? LIMITS : LIMITS.filter((limit) => limit === controller);
    try {
      const limits = tryCgroup(folder, version, wanted);
      if (limits.length > 0) folders.push({ folder, home: line[0].folder, limits, version });
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  if (folders.length === 0) {
    problems.push(
      `\`--run-cgroup\` \`${path}\` cannot limit anything: ${reasons.join('; ') || 'no controller is there'}; it must be delegated to policyd`,
    );
  }
  return { folders };
}

/** Makes a cgroup below `folder` and looks which limits it has. */
function tryCgroup(folder: string, version: 1 | 2, wanted: readonly CgroupLimit[]): CgroupLimit[] {
  const made = mkdirSync(folder, { recursive: true });
  if (version === 2) {
    // A controller is there when the parent hands it on. It is not handed on by a cgroup that has processes, nor by one that is not ours.
    for (const at of [dirname(folder), folder]) {
      for (const limit of wanted) {
        try {
          writeFileSync(join(at, 'cgroup.subtree_control'), `+${limit}`);
        } catch {
          // Then it is not among the files below.
        }
      }
    }
  }
  const probe = join(folder, `probe-${process.pid}`);
  mkdirSync(probe);
  const limits = wanted.filter((limit) => existsSync(join(probe, FILES[version][limit])));
  rmdirSync(probe);
  if (limits.length === 0 && made !== undefined) rmdirSync(folder);
  return limits;
}
