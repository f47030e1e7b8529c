import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Job } from '../jobs/job.ts';
import { AGENT_STATES } from './agent.ts';
import type { Pool } from './pool.ts';
import { COORDINATION } from './pool-settings.ts';

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300];

/** What the pool counts for Prometheus, by type of task and state: both are closed sets. */
export class PoolMeter {
  readonly #latency: Histogram<'type'>;
  readonly #late: Counter<'type'>;
  readonly #refused: Counter;
  readonly #lost: Counter;
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
    const registers = [registry];
    this.#latency = new Histogram({
      name: 'policyd_pool_assignment_seconds',
      help: 'time from a task to its first agent',
      labelNames: ['type'],
      buckets: BUCKETS,
      registers,
    });
    this.#late = new Counter({
      name: 'policyd_pool_late_assignments_total',
      help: 'tasks that found their first agent later than `assignment_sla` says',
      labelNames: ['type'],
      registers,
    });
    this.#refused = new Counter({ name: 'policyd_pool_refusals_total', help: 'tasks that a full queue kept out', registers });
    this.#lost = new Counter({ name: 'policyd_pool_agents_lost_total', help: 'agents that were taken out', registers });
  }

  /** A task goes to its agent now, after its commit; `sla` in ms. */
  assigned({ type, attempts, createdAt }: Job, sla: number): void {
    if (attempts > 1) return;
    const latency = Math.max(0, Date.now() - createdAt);
    this.#latency.observe({ type }, latency / 1e3);
    if (latency > sla) this.#late.inc({ type });
  }

  refused(): void {
    this.#refused.inc();
  }

  lost(): void {
    this.#lost.inc();
  }

  /** What is looked up when somebody asks. */
  attach(pool: Pool): void {
    const registers = [this.#registry];
    new Gauge({
      name: 'policyd_pool_agents',
      help: 'agents by state; degraded ones are those that are remembered',
      labelNames: ['state'],
      registers,
      collect() {
        for (const state of AGENT_STATES) this.set({ state }, pool.crew.count(state));
      },
    });
    new Gauge({
      name: 'policyd_pool_tasks',
      help: 'tasks by state, over all processes of the store; ended ones since it was made',
      labelNames: ['state'],
      registers,
      async collect() {
        try {
          const stats = await pool.engine.stats(COORDINATION);
          this.set({ state: 'pending' }, stats.pending);
          this.set({ state: 'in_progress' }, stats.inProgress);
          this.set({ state: 'completed' }, stats.completed);
          this.set({ state: 'failed' }, stats.failed);
          this.set({ state: 'cancelled' }, stats.cancelled);
        } catch {
          // The store is away: the other metrics are told all the same.
          this.reset();
        }
      },
    });
  }
}
