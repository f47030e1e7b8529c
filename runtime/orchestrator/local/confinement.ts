import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Identity, RunCgroup, RunOrder } from './run-record.ts';

const run = promisify(execFile);

/** Most processes of a run in a cgroup, most of all runs without one, most open files of a process. */
const MOST_PROCESSES = 512;
const MOST_PROCESSES_OF_ALL = 4_096;
const MOST_FILES = 4_096;
/** How much runs give way to everything else where CPU time is not limited. */
const NICENESS = '5';

/** Bytes by which one process may exceed the memory of its run until the shim looks again. */
const BURST = 4 * 2 ** 30;

/** Folders of cgroups in which runs get their own; `limits`: which of these it can set. */
export interface RunCgroups {
  readonly folders: readonly {
    readonly folder: string;
    readonly home: string;
    readonly limits: readonly CgroupLimit[];
    readonly version: 1 | 2;
  }[];
}
export type CgroupLimit = 'cpu' | 'memory' | 'pids';

/** What keeps runs apart from the machine, and what cannot be kept here. */
export interface Confinement {
  /** As whom they run; null = as this process's own user. */
  readonly identity: Identity | null;
  readonly cgroups: RunCgroups;
  /** Paths of the programs that were found to work with the arguments that they are given; null = there is none that does. */
  readonly setpriv: readonly string[] | null;
  readonly prlimit: string | null;
  readonly nice: string | null;
  /** For people: each is one that an operator may miss. */
  readonly notEnforced: readonly string[];
}

/** Finds out what can be enforced, by trying it. */
export async function inspectConfinement(identity: Identity | null, cgroups: RunCgroups): Promise<Confinement> {
  const has = (limit: CgroupLimit): boolean => cgroups.folders.some(({ limits }) => limits.includes(limit));
  const setpriv = await firstThatWorks('setpriv', privilegesOf(identity));
  const prlimit = (await firstThatWorks('prlimit', [['--core=0', '--nofile=64']]))?.[0] ?? null;
  const nice = (await firstThatWorks('nice', [['-n', NICENESS]]))?.[0] ?? null;
  const notEnforced = [
    setpriv === null ? 'programs with set-user-id may gain rights: there is no `setpriv` (util-linux) that works' : null,
    prlimit === null ? 'open files, processes and core files have no limit: there is no `prlimit` (util-linux)' : null,
    has('memory') ? null : 'memory is looked at four times a second, and may be exceeded for so long: there is no cgroup (`--run-cgroup`)',
    has('cpu') ? null : 'CPU time has no limit, runs only give way to others: there is no cgroup (`--run-cgroup`)',
    has('pids') ? null : 'the number of processes is limited for all runs together, at most: there is no cgroup (`--run-cgroup`)',
    cgroups.folders.length > 0 ? null : 'a process that leaves its session and clears its environment outlives its run: there is no cgroup',
  ].filter((line) => line !== null);
  return { identity, cgroups, setpriv, prlimit, nice, notEnforced };
}

/** The programs that a command is started through, and as whom the first of them is. */
export function confine(confinement: Confinement, memoryBytes: number): Pick<RunOrder, 'prefix' | 'ids' | 'weighed'> {
  const { identity, cgroups, setpriv, prlimit, nice } = confinement;
  const has = (limit: CgroupLimit): boolean => cgroups.folders.some(({ limits }) => limits.includes(limit));
  const limits = [
    '--core=0',
    `--nofile=${MOST_FILES}`,
    // Of a user: set where the user is the runs' own, since others' processes count with it.
    ...(identity !== null && !has('pids') ? [`--nproc=${MOST_PROCESSES_OF_ALL}`] : []),
    // Not the limit itself: runtimes like V8 and Go set aside much more than they use.
    ...(has('memory') ? [] : [`--data=${memoryBytes + BURST}`]),
  ];
  const prefix = [
    ...(nice !== null && !has('cpu') ? [nice, '-n', NICENESS] : []),
    ...(setpriv ?? []),
    ...(prlimit !== null ? [prlimit, ...limits] : []),
  ];
  return { prefix, ids: setpriv === null ? identity : null, weighed: !has('memory') };
}

/** The cgroups of one run. */
export function makeCgroups({ folders }: RunCgroups, id: string, cpuMillis: number, memoryBytes: number): RunCgroup[] {
  const values: Readonly<Record<1 | 2, Readonly<Record<CgroupLimit, readonly (readonly [string, string])[]>>>> = {
    1: {
      cpu: [
        ['cpu.cfs_period_us', '100000'],
        ['cpu.cfs_quota_us', String(Math.max(1_000, cpuMillis * 100))],
      ],
      memory: [['memory.limit_in_bytes', String(memoryBytes)]],
      pids: [['pids.max', String(MOST_PROCESSES)]],
    },
    2: {
      cpu: [['cpu.max', `${Math.max(1_000, cpuMillis * 100)} 100000`]],
      memory: [
        ['memory.max', String(memoryBytes)],
        ['memory.oom.group', '1'],
      ],
      pids: [['pids.max', String(MOST_PROCESSES)]],
    },
  };
  return folders.map(({ folder, home, limits, version }) => ({
    folder: join(folder, id),
    home,
    limits: limits.flatMap((limit) => values[version][limit]),
  }));
}

/** From the strictest to what every kernel and every `setpriv` can do. */
function privilegesOf(identity: Identity | null): string[][] {
  const common = ['--no-new-privs', '--pdeathsig', 'KILL'];
  if (identity === null) return [common, ['--nnp']];
  const { uid, gid } = identity;
  const become = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
  return [
    [...become, '--inh-caps=-all', '--bounding-set=-all', ...common],
    [...become, ...common],
  ];
}

async function firstThatWorks(name: string, candidates: readonly (readonly string[])[]): Promise<string[] | null> {
  const [program, nothing] = [findTool(name), findTool('true')];
  if (program === null || nothing === null) return null;
  for (const words of candidates) {
    try {
      await run(program, [...words, nothing], { timeout: 10_000 });
      return [program, ...words];
    } catch {
      // The next one asks for less.
    }
  }
  return null;
}

function findTool(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];
  const isThere = (path: string): boolean => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  return (
    folders
      .filter((folder) => folder.startsWith('/'))
      .map((folder) => join(folder, name))
      .find(isThere) ?? null
  );
}
