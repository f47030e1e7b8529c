import { Gauge, type Registry } from 'prom-client';
import type { TargetMetrics } from '../../schema/snapshot.ts';
import { PERCENTILES } from '../../schema/vocabulary.ts';
import { TARGET_CONDITIONS } from '../backends/target-status.ts';
import type { Route } from '../router/live-router.ts';

/** Gauges of single measured values, each a member of `TargetMetrics`; times in seconds. */
const MEASURED: readonly [name: string, help: string, read: (metrics: TargetMetrics) => number][] = [
  ['error_ratio', 'failed share of the last hour', (metrics) => metrics.error_rate_1h],
  ['success_ratio', 'succeeded share of the last 24 hours', (metrics) => metrics.success_rate_24h],
  ['seconds_per_token', 'mean time between events of a stream', (metrics) => metrics.ms_per_token / 1e3],
  ['latency_seconds', 'moving average of the time of a whole answer', (metrics) => metrics.latency_ema_ms / 1e3],
];

/** What decisions know of each target of the router that serves; looked at when somebody asks. */
export function registerTargetGauges(registry: Registry, routes: () => readonly Route[]): void {
  const registers = [registry];
  const measure = ({ backend, config }: Route): TargetMetrics => backend.measure(config.upstream, Date.now());
  new Gauge({
    name: 'policyd_target_state',
    help: `1 for the state that a target is in: ${TARGET_CONDITIONS.join(', ')}`,
    labelNames: ['target', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { name, backend, config } of routes()) {
        const { condition } = backend.describe(config.upstream);
        for (const state of TARGET_CONDITIONS) this.set({ target: name, state }, state === condition ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'policyd_target_in_flight',
    help: 'requests in flight by target',
    labelNames: ['target'],
    registers,
    collect() {
      this.reset();
      for (const { name, backend, config } of routes()) this.set({ target: name }, backend.inFlightOf(config.upstream));
    },
  });
  new Gauge({
    name: 'policyd_target_first_token_seconds',
    help: 'time to the first byte of streams, over the newest 512',
    labelNames: ['target', 'quantile'],
    registers,
    collect() {
      this.reset();
      for (const route of routes()) {
        const { ttft_ms } = measure(route);
        for (const at of PERCENTILES) this.set({ target: route.name, quantile: `0.${at.slice(1)}` }, ttft_ms[at] / 1e3);
      }
    },
  });
  for (const [name, help, read] of MEASURED) {
    new Gauge({
      name: `policyd_target_${name}`,
      help: `${help}; the prior where there was no sample for ten minutes`,
      labelNames: ['target'],
      registers,
      collect() {
        this.reset();
        for (const route of routes()) this.set({ target: route.name }, read(measure(route)));
      },
    });
  }
}
