import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A cgroup that limits this process, from the innermost out to the root of what is mounted. */
export interface Cgroup {
  readonly version: 1 | 2;
  /** `cpu`, `cpuset`, `memory`, …; '' = version 2, which has them all. */
  readonly controller: string;
  readonly folder: string;
}

/**
 * The cgroups on the path of this process, by controller, innermost first. `root`: where `/proc` and `/sys` are. Missing or broken files
 * mean that there are none.
 */
export function readCgroups(root = '/'): Cgroup[] {
  const own = readText(join(root, 'proc/self/cgroup'));
  const mounts = readMounts(readText(join(root, 'proc/self/mountinfo')) ?? '');
  const found: Cgroup[] = [];
  for (const line of own?.split('\n') ?? []) {
    const [, list, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (list === undefined) continue;
    for (const controller of list === '' ? [''] : list.split(',')) {
      const mount = mounts.find((candidate) => (controller === '' ? candidate.version === 2 : candidate.controllers.includes(controller)));
      if (mount === undefined) continue;
      for (const at of ancestorsOf(stripRoot(path, mount.root))) {
        found.push({ version: mount.version, controller, folder: join(root, mount.at, at) });
      }
    }
  }
  return found;
}

interface Mount {
  readonly version: 1 | 2;
  /** Which part of the hierarchy is mounted. */
  readonly root: string;
  readonly at: string;
  readonly controllers: readonly string[];
}

/** Lines of proc(5) mountinfo: `31 23 0:28 <root> <at> <options> … - <type> <source> <super options>`. */
function readMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line): Mount[] => {
    const [left, right] = line.split(' - ');
    const [, , , from, at] = left.split(' ');
    const [type, , options] = right?.split(' ') ?? [];
    if (at === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return [];
    return [{ version: type === 'cgroup' ? 1 : 2, root: decodePath(from), at: decodePath(at), controllers: (options ?? '').split(',') }];
  });
}

/** A container sees its own cgroup as the root of the mount, and its whole path in `/proc/self/cgroup`. */
function stripRoot(path: string, root: string): string {
  if (root === '/') return path;
  if (path === root) return '/';
  return path.startsWith(`${root}/`) ? path.slice(root.length) : '/';
}

function ancestorsOf(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) return ['/'];
  return names.map((_, row) => `/${names.slice(0, names.length - row).join('/')}`).concat('/');
}

/** Spaces and the like are `\040` there. */
function decodePath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
