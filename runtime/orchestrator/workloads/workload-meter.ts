import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { NODE_KINDS, type NodeKind } from '../../../schema/workload.ts';
import type { Job } from '../../jobs/job.ts';
import { WORKLOAD_STATUSES, type WorkloadStatus } from './workload-status.ts';

const BUCKETS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];

/** What is counted of workloads, by closed sets only. */
export class WorkloadMeter {
  readonly #accepted: Histogram;
  readonly #started: Histogram;
  readonly #placed: Counter<'kind'>;
  readonly #refused: Counter<'code'>;
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
    const registers = [registry];
    const time = (name: string, help: string) => new Histogram({ name, help, buckets: BUCKETS, registers });
    this.#accepted = time('policyd_workload_accept_seconds', 'time from a request to its workload on the disk');
    this.#started = time('policyd_workload_start_seconds', 'time from a request to its first run at its place');
    this.#placed = new Counter({
      name: 'policyd_workload_placements_total',
      help: 'runs that found a node, by kind',
      labelNames: ['kind'],
      registers,
    });
    this.#refused = new Counter({
      name: 'policyd_workload_refusals_total',
      help: 'workloads that were refused, by code',
      labelNames: ['code'],
      registers,
    });
    for (const kind of NODE_KINDS) this.#placed.inc({ kind }, 0);
  }

  /** `ms` since the request came. */
  accepted(ms: number): void {
    this.#accepted.observe(ms / 1e3);
  }

  started({ createdAt }: Job, attempt: number): void {
    if (attempt === 1) this.#started.observe(Math.max(0, Date.now() - createdAt) / 1e3);
  }

  placed(kind: NodeKind): void {
    this.#placed.inc({ kind });
  }

  refused(code: string): void {
    this.#refused.inc({ code });
  }

  /** Looked up when somebody asks. */
  attach(count: () => Promise<Readonly<Record<WorkloadStatus, number>>>): void {
    new Gauge({
      name: 'policyd_workload_jobs',
      help: 'workloads that are remembered, by status, over all processes of the store',
      labelNames: ['status'],
      registers: [this.#registry],
      async collect() {
        try {
          const counts = await count();
          for (const status of WORKLOAD_STATUSES) this.set({ status }, counts[status]);
        } catch {
          // The store is away: the other metrics are told all the same.
          this.reset();
        }
      },
    });
  }
}
