import type { NodeState } from '../../schema/workload.ts';
import type { Workload } from './workload.ts';

/** Stages of a run. The last four are ends. `lost`: nobody can tell what became of it, and it runs no more. */
export const RUN_PHASES = ['pending', 'running', 'succeeded', 'failed', 'evicted', 'lost'] as const;
export type RunPhase = (typeof RUN_PHASES)[number];

export interface RunStatus {
  readonly phase: RunPhase;
  /** Why it waits, failed or was evicted, for people: `Unschedulable: 0/1 nodes are available`; null = nothing to say. */
  readonly reason: string | null;
  readonly exitCode: number | null;
  /** Ms since 1970. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** One attempt of a job at one node. `id` names it for ever: starting the same one again finds it, and makes no second. */
export interface RunRequest {
  /** `<job>-<attempt>`: lower case letters, digits and `-`, at most 63. */
  readonly id: string;
  readonly job: string;
  /** Name of a node that this runner told of. */
  readonly node: string;
  readonly workload: Workload;
  /** 32 hex digits of the trace that it belongs to. */
  readonly trace: string;
  /**
   * File that says until when it may run: `<boot id> <ms of the boot clock>`, written anew while it may run on. Who keeps the run ends it
   * then by itself, though policyd is dead; its phase is `lost`. Absent: nobody's lease.
   */
  readonly lease?: string;
}

/** A run as a list shows it. */
export interface Pod {
  readonly id: string;
  readonly job: string | null;
  readonly name: string;
  readonly node: string;
  readonly status: RunStatus;
  /** Not one of ours, and shown only. */
  readonly foreign: boolean;
}

/** `refused`: a rule of the place keeps it (a disruption budget, say). */
export type StopResult = { readonly result: 'stopped' | 'gone' } | { readonly result: 'refused'; readonly reason: string };

/** What could not be done at a place. `fatal`: asking again does not help. */
export class RunnerError extends Error {
  readonly code: string;
  readonly fatal: boolean;

  constructor(code: string, fatal: boolean, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'RunnerError';
    this.code = code;
    this.fatal = fatal;
  }
}

/**
 * A kind of place where workloads run, behind one port: this machine, a cluster, another policyd. A run belongs to its id, not to this
 * process: who comes after finds it by `start`, `watch` and `list`. Throws `RunnerError`s only.
 */
export interface Runner {
  /** The nodes of it as last measured, from memory. */
  nodes(): readonly NodeState[];
  /** Starts a run, or finds it: durable at its place when this resolves. */
  start(run: RunRequest): Promise<RunStatus>;
  /** Hears the run's status now and at each change, until its end or `signal`. Reconnects by itself. A run that is not there is `lost`. */
  watch(run: Pick<RunRequest, 'id' | 'node'>, hear: (status: RunStatus) => void, signal: AbortSignal): Promise<void>;
  /**
   * The run's output from its byte `from` on, followed until the run ends or `signal`. The next piece is read when `hear` has resolved.
   * Pieces may split a character.
   */
  logs(run: Pick<RunRequest, 'id' | 'node'>, from: number, hear: (bytes: Buffer) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Ends a run: asked nicely, after `grace` ms by force. `evict`: rules of the place that keep it are asked first. */
  stop(
    run: Pick<RunRequest, 'id' | 'node'>,
    options: { readonly grace: number; readonly evict: boolean; readonly reason: string },
  ): Promise<StopResult>;
  list(signal: AbortSignal): Promise<readonly Pod[]>;
  /** Lets go of everything; runs go on. */
  close(): Promise<void>;
}
