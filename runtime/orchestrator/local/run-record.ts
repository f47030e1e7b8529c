import type { RunStatus } from '../runner.ts';
import type { Resources } from '../../../schema/workload.ts';

/** Who a process is: a number is given again, a number with its start is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Ticks after the machine's start (proc(5), `/proc/<pid>/stat`, field 22). */
  readonly start: number;
  /** Id of the machine's start. */
  readonly boot: string;
}

/** What a shim is to do. */
export interface RunOrder {
  readonly id: string;
  readonly job: string;
  readonly name: string;
  readonly node: string;
  readonly trace: string;
  readonly needs: Resources;
  /** Ms since 1970. */
  readonly createdAt: number;
  /** Id of the machine's start at which it was asked for. */
  readonly boot: string;
  readonly command: readonly string[];
  /** Emptied as soon as the command has it. */
  readonly env: Readonly<Record<string, string>>;
  readonly home: string;
  /** Ms; null = it may run for ever. */
  readonly timeout: number | null;
  /** Most bytes of its output that are kept. */
  readonly logLimit: number;
  /** Most memory of all its processes. */
  readonly memoryBytes: number;
  /** The shim looks after that by itself: no cgroup does. */
  readonly weighed: boolean;
  /** Programs, by their paths, that take rights and set limits and then become the command. */
  readonly prefix: readonly string[];
  /** Whose the output is; null = the shim's own user's. */
  readonly owner: Identity | null;
  /** As whom it is started; null = as the shim's own user, or `prefix` sees to it. */
  readonly ids: Identity | null;
  readonly cgroups: readonly RunCgroup[];
  /** File that says until when it may run, as in `RunRequest`; null = nobody's lease. */
  readonly lease: string | null;
}

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** A cgroup of a run. */
export interface RunCgroup {
  readonly folder: string;
  /** Files and what is written to them. */
  readonly limits: readonly (readonly [file: string, value: string])[];
  /** The cgroup that the shim goes back to. */
  readonly home: string;
}

/** What is known of a run; `pid` and `start` are its leader's while it runs. */
export interface RunRecord extends RunStatus {
  readonly pid: number | null;
  readonly start: number | null;
  /** Bytes of output, kept and not; from the end on. */
  readonly kept?: number;
  readonly dropped?: number;
}

export interface StopOrder {
  readonly phase: 'failed' | 'evicted';
  readonly reason: string;
  /** Ms. */
  readonly grace: number;
}
