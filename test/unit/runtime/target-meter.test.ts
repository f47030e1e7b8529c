import { expect, test } from 'vitest';
import { TargetMeter } from '../../../runtime/backends/target-meter.ts';
import { UNMEASURED } from '../../../schema/snapshot.ts';

const MINUTE = 60_000;
const NOW = 1_000 * 24 * 60 * MINUTE;

test('without a sample every value is its prior', () => {
  expect(new TargetMeter().measure(NOW, 0, 0)).toEqual(UNMEASURED);
});

test('shares count what the window holds: an hour for errors, a day for successes', () => {
  const meter = new TargetMeter();
  for (let count = 0; count < 3; count++) meter.recordOutcome(NOW - 90 * MINUTE, false);
  meter.recordOutcome(NOW - 5 * MINUTE, false);
  for (let count = 0; count < 3; count++) meter.recordOutcome(NOW, true);
  const measured = meter.measure(NOW, 0.5, 2);
  expect(measured.error_rate_1h).toBe(1 / 4);
  expect(measured.success_rate_24h).toBeCloseTo(3 / 7, 12);
  expect([measured.load, measured.state]).toEqual([0.5, 2]);
});

test('a day later nothing of it counts', () => {
  const meter = new TargetMeter();
  meter.recordOutcome(NOW - 25 * 60 * MINUTE, false);
  meter.recordOutcome(NOW, true);
  expect(meter.measure(NOW, 0, 0)).toMatchObject({ error_rate_1h: 0, success_rate_24h: 1 });
});

test('percentiles by nearest rank, over the newest 512 samples', () => {
  const meter = new TargetMeter();
  for (let ms = 1; ms <= 612; ms++) meter.recordFirstToken(NOW, ms);
  expect(meter.measure(NOW, 0, 0).ttft_ms).toEqual({ p50: 356, p90: 561, p95: 587, p99: 607 });
  const few = new TargetMeter();
  for (const ms of [30, 10, 20]) few.recordFirstToken(NOW, ms);
  expect(few.measure(NOW, 0, 0)).toMatchObject({ ttft_ms: { p50: 20, p90: 30, p95: 30, p99: 30 }, avg_ttft_ms: 20 });
});

test('latency moves a fifth of the way to each sample', () => {
  const meter = new TargetMeter();
  meter.recordLatency(NOW, 100);
  meter.recordLatency(NOW, 200);
  expect(meter.measure(NOW, 0, 0).latency_ema_ms).toBe(120);
});

test('ten minutes without a sample bring every prior back, so that what was excluded can heal', () => {
  const meter = new TargetMeter();
  meter.recordOutcome(NOW, false);
  meter.recordLatency(NOW, 9_000);
  meter.recordFirstToken(NOW, 9_000);
  meter.recordTokenGap(NOW, 90);
  expect(meter.measure(NOW + 10 * MINUTE - 1, 0, 0)).toMatchObject({
    error_rate_1h: 1,
    latency_ema_ms: 9_000,
    avg_ttft_ms: 9_000,
    ms_per_token: 90,
  });
  expect(meter.measure(NOW + 10 * MINUTE, 0, 0)).toEqual(UNMEASURED);
});
