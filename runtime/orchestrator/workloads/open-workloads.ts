import type { NodeKind } from '../../../schema/workload.ts';
import { DirectDelivery } from '../../jobs/direct-delivery.ts';
import type { Job } from '../../jobs/job.ts';
import { StoreEngine } from '../../jobs/store-engine.ts';
import type { Runner } from '../runner.ts';
import type { Frames } from '../stream/frames.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Workload } from '../workload.ts';
import { Bookings } from './bookings.ts';
import { countWorkloads } from './count-workloads.ts';
import { findLogEnd } from './find-log-end.ts';
import { Places } from './places.ts';
import { readHome } from './read-home.ts';
import { WORKLOADS } from './settings.ts';
import type { WorkloadTables } from './tables.ts';
import { StartGate } from './start-gate.ts';
import { tellEnd } from './tell-end.ts';
import { WaitingRoom } from './waiting-room.ts';
import { WorkloadMeter } from './workload-meter.ts';
import { Workloads } from './workloads.ts';

/** How long a place elsewhere may take to count what was started there, ms. */
const COUNTED = 15_000;
/** Runs that are being started at once. */
const STARTS = 8;

export interface WorkloadParts {
  readonly frames: Frames;
  readonly runners: readonly Runner[];
  /** See `ControlDesk.prepare`. */
  readonly prepare: ((job: Job, workload: Workload, signal: AbortSignal) => Promise<void>) | null;
}

/** The workloads of a server. */
export async function openWorkloads(
  { store, cell, config, log, registry, tracer }: Surroundings,
  { frames, runners, prepare }: WorkloadParts,
): Promise<Workloads> {
  const tables = store.tables<WorkloadTables>();
  // The store is shared, and closed by whoever opened it. The record itself is the queue, on PostgreSQL, too: a workload is given to who accepts it.
  const engine = new StoreEngine({
    store: { ...store, close: async () => {} },
    delivery: new DirectDelivery(),
    queues: [WORKLOADS],
    retention: config.poolRetention,
  });
  const rules = () => cell.active.module.workloads ?? null;
  const bookings = new Bookings();
  const places = new Places(runners);
  const room = new WaitingRoom({ rules, nodes: () => places.nodes(), bookings });
  const meter = new WorkloadMeter(registry);
  meter.attach(() => countWorkloads(tables));
  cell.onSwap.add(() => room.look());
  return Workloads.open({
    engine,
    store,
    rules,
    room,
    gate: new StartGate(STARTS),
    bookings,
    places,
    frames,
    meter,
    log,
    tracer,
    home: readHome(config.data),
    lease: config.poolLease,
    prepare,
    settleBooking(run: string, kind: NodeKind) {
      if (kind === 'local') bookings.release(run);
      else setTimeout(() => bookings.release(run), COUNTED).unref();
    },
    findLogEnd: (job, attempt) => findLogEnd(frames, job, attempt),
    tellEnd: (job) =>
      tellEnd(engine, tables, frames, job).catch((error: Error) => {
        log.error({ job, error: error.message }, 'end of a workload cannot be told');
      }),
  });
}
