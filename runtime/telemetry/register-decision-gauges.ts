import { Counter, Gauge, type Registry } from 'prom-client';
import { type DecisionLog, DROP_REASONS } from '../decisions/decision-log.ts';
import type { DecisionFeed } from '../decisions/decision-feed.ts';
import type { Shadow } from '../router/shadow.ts';

/** What the decision log and its readers lost, and what the shadow would have done; looked at when somebody asks. */
export function registerDecisionGauges(registry: Registry, log: DecisionLog | null, feed: DecisionFeed, shadow: Shadow): void {
  const registers = [registry];
  new Counter({
    name: 'policyd_decision_log_dropped_total',
    help: 'decisions that were to be logged and were not, by why: closed, slow-disk, failed-write',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const reason of DROP_REASONS) this.inc({ reason }, log?.drops[reason] ?? 0);
    },
  });
  new Counter({
    name: 'policyd_decision_log_written_total',
    help: 'decisions that were written to the log',
    registers,
    collect() {
      this.reset();
      this.inc(log?.written ?? 0);
    },
  });
  new Counter({
    name: 'policyd_decision_readers_dropped_total',
    help: 'readers of GET /v1/decisions as a stream that were slower than the decisions',
    registers,
    collect() {
      this.reset();
      this.inc(feed.dropped);
    },
  });
  new Gauge({
    name: 'policyd_decision_readers',
    help: 'readers of GET /v1/decisions as a stream',
    registers,
    collect() {
      this.set(feed.size);
    },
  });
  new Gauge({
    name: 'policyd_shadow_decisions',
    help: 'decisions that the router in the shadow made: same, different; nothing where there is none',
    labelNames: ['result'],
    registers,
    collect() {
      this.reset();
      const status = shadow.status;
      if (status === null) return;
      this.set({ result: 'same' }, status.same);
      this.set({ result: 'different' }, status.different);
    },
  });
}
