import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { NodeKind } from '../../../schema/workload.ts';
import type { StoreEngine } from '../../jobs/store-engine.ts';
import type { Job } from '../../jobs/job.ts';
import type { FrameLog } from '../frame.ts';
import type { Tracer } from '../../telemetry/tracer.ts';
import type { Workload } from '../workload.ts';
import type { Bookings } from './bookings.ts';
import type { Places } from './places.ts';
import type { StartGate } from './start-gate.ts';
import type { WorkloadTables } from './tables.ts';
import type { WaitingRoom } from './waiting-room.ts';
import type { WorkloadMeter } from './workload-meter.ts';

/** What everybody who looks after a workload shares. */
export interface ControlDesk {
  readonly engine: StoreEngine;
  readonly tables: Kysely<WorkloadTables>;
  readonly places: Places;
  readonly room: WaitingRoom;
  /** Starting many runs at once would leave nothing for those who ask. */
  readonly gate: StartGate;
  readonly bookings: Bookings;
  readonly frames: FrameLog;
  readonly meter: WorkloadMeter;
  readonly log: Logger;
  /** Null, or absent, where nobody asked for traces. */
  readonly tracer?: Tracer | null;
  /** Of the data folder: runs on this machine are found by who has it. */
  readonly home: string;
  /** What a workload wants before it starts; it starts without where that fails. */
  readonly prepare: ((job: Job, workload: Workload, signal: AbortSignal) => Promise<void>) | null;
  /** A run is at its place, or will never be: what was promised to it is counted there. */
  settleBooking(run: string, kind: NodeKind): void;
  /** Bytes of a run's output that are in the stream of its job. */
  findLogEnd(job: string, attempt: number): Promise<number>;
  /** The last frame of a workload that has ended, once. */
  tellEnd(job: string): Promise<void>;
}
