import type { AuditBook } from './audit.ts';
import type { Context } from './context/context.ts';
import type { OpenedMachine } from './local/open-machine.ts';
import type { Peers } from './peers/open-peers.ts';
import type { Runner } from './runner.ts';
import type { Store } from '../store/store.ts';
import type { SpecKit } from './spec-kit/spec-kit.ts';
import type { Frames } from './stream/frames.ts';
import type { Workloads } from './workloads/workloads.ts';

/** The orchestrator of a process, part by part. */
export interface Orchestrator {
  readonly store: Store;
  readonly frames: Frames;
  readonly specKit: SpecKit;
  readonly audit: AuditBook;
  readonly context: Context;
  readonly machine: OpenedMachine;
  /** Null: `--peers off`. */
  readonly peers: Peers | null;
  /** Every kind of place that workloads can run at. */
  readonly runners: readonly Runner[];
  readonly workloads: Workloads;
}
