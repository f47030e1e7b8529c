import type { Runner, RunRequest } from '../../../runtime/orchestrator/runner.ts';

/** What a workload of the exam does; every kind of place has its own way to make it do so. */
export interface Behaviour {
  /** Printed on standard output, `times` times, `every` ms apart. At most 32 KiB, printable ASCII without quotes. */
  readonly text: string;
  readonly times: number;
  readonly every: number;
  /** Then: its exit code; `stay`: it runs until it is stopped. */
  readonly exit: number | 'stay';
  /** It does not end when it is asked to. */
  readonly stubborn: boolean;
}

/** A place of one kind, for one test. */
export interface Site {
  /** Name of the node that runs are sent to. */
  readonly node: string;
  /** One more runner over the same place, as another process or one after a restart has; closed by `remove` at the latest. */
  open(): Promise<Runner>;
  /** A run that behaves so; each has an id of its own. */
  makeRun(behaviour: Partial<Behaviour>): RunRequest;
  /** How often its command was really begun. */
  countStarts(run: RunRequest): Promise<number>;
  /** Ends everything that still runs. */
  remove(): Promise<void>;
}

export const DEFAULT: Behaviour = { text: '', times: 1, every: 0, exit: 0, stubborn: false };
