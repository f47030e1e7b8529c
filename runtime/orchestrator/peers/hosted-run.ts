import { hash } from 'node:crypto';
import type { Resources } from '../../../schema/workload.ts';
import type { RunPhase, RunStatus } from '../runner.ts';
import type { Offer } from './wire.ts';

const ENDS: readonly RunPhase[] = ['succeeded', 'failed', 'evicted', 'lost'];

export function hasEnded(status: RunStatus): boolean {
  return ENDS.includes(status.phase);
}

/** What a run of a peer is called here: no peer can name one of ours, or another peer's. */
export function nameHosted(owner: string, run: string): string {
  return `peer-${hash('sha256', `${owner}\0${run}`, 'hex').slice(0, 40)}`;
}

/** A run that a peer sent here, or that room is held for. */
export class HostedRun {
  readonly id: string;
  readonly owner: string;
  readonly run: string;
  readonly job: string;
  readonly name: string;
  readonly node: string;
  readonly needs: Resources;
  readonly lease: number;
  readonly trace: string;
  /** Until its end only: values of its environment may be secrets. */
  workload: Offer['workload'] | null;
  /** Ms of the boot clock at which it ends unless its owner is heard of. */
  expires: number;
  /** It ended by its lease, for ever. */
  expired = false;
  /** Null: room is held, nothing runs. */
  status: RunStatus | null = null;
  starting: Promise<RunStatus> | null = null;
  #digest: { readonly of: RunStatus; readonly text: string } | null = null;

  constructor(
    owner: string,
    { run, job, node, lease, trace }: Pick<Offer, 'run' | 'job' | 'node' | 'lease' | 'trace'>,
    { name, needs }: { readonly name: string; readonly needs: Resources },
    expires: number,
    workload: Offer['workload'] | null,
  ) {
    this.id = nameHosted(owner, run);
    this.owner = owner;
    this.run = run;
    this.job = job;
    this.name = name;
    this.node = node;
    this.needs = needs;
    this.lease = lease;
    this.trace = trace;
    this.expires = expires;
    this.workload = workload;
  }

  get ended(): boolean {
    return this.status !== null && hasEnded(this.status);
  }

  /** Stands for the status; null = there is none. */
  get digest(): string | null {
    if (this.status === null) return null;
    if (this.#digest?.of !== this.status) this.#digest = { of: this.status, text: digestStatus(this.status) };
    return this.#digest.text;
  }
}

export function digestStatus(status: RunStatus): string {
  const { phase, reason, exitCode, startedAt, endedAt } = status;
  return hash('sha256', JSON.stringify([phase, reason, exitCode, startedAt, endedAt]), 'hex').slice(0, 16);
}
