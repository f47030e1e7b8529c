import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { buildWorkloads } from '../../../../compiler/emit/kernel/workloads.ts';
import { planWorkloads } from '../../../../compiler/plan/plan-workloads.ts';
import type { WorkloadPolicy } from '../../../../schema/policy-set.ts';
import type { Config } from '../../../../runtime/config/config.ts';
import { FollowedFrames } from '../../../../runtime/orchestrator/stream/followed-frames.ts';
import type { Runner } from '../../../../runtime/orchestrator/runner.ts';
import type { Surroundings } from '../../../../runtime/orchestrator/surroundings.ts';
import type { Workload } from '../../../../runtime/orchestrator/workload.ts';
import type { Remembered } from '../../../../runtime/orchestrator/workloads/list-workloads.ts';
import { openWorkloads } from '../../../../runtime/orchestrator/workloads/open-workloads.ts';
import { type AskedWorkload, readWorkload } from '../../../../runtime/orchestrator/workloads/read-workload.ts';
import type { Workloads } from '../../../../runtime/orchestrator/workloads/workloads.ts';
import { buildPolicySet } from '../../../build/policy-set.ts';
import { until } from '../../../e2e/policyd.ts';
import type { Shelf } from '../../../exams/store/stores.ts';

const LIMITS = { frames: 10_000, bytes: 16 << 20, total: 64 << 20, retention: 600_000 };
export const ALL = { caller: null, all: true } as const;

/** A process of workloads over a store, with places of a test's own. */
export interface Process {
  readonly workloads: Workloads;
  readonly frames: FollowedFrames;
  schedule(asked: Partial<AskedWorkload>, caller?: string | null): Promise<string>;
  reach(id: string, ...statuses: string[]): Promise<Remembered>;
  /** Payloads of the frames of a type. */
  told(id: string, type: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export function read(asked: Partial<AskedWorkload>): Workload {
  return readWorkload({ name: 'w', command: ['x'], ...asked }).workload;
}

/** `data`: processes with the same folder are on the same machine. */
export async function openProcess(
  shelf: Shelf,
  runners: readonly Runner[],
  { policy = {}, lease = 1_500, data }: { policy?: Partial<WorkloadPolicy>; lease?: number; data?: string } = {},
): Promise<Process> {
  const store = await shelf.open();
  const folder = data ?? mkdtempSync(join(tmpdir(), 'policyd-workloads-'));
  const rules = buildWorkloads(
    planWorkloads(buildPolicySet({ workloads: { quotas: [], protected: [], prefer: 'any', restrictedLabels: [], ...policy } })),
  );
  const log = pino({ level: 'silent' });
  const frames = await FollowedFrames.open(store, LIMITS, { redact: (text) => text, log, registry: null });
  const cell = { active: { module: { workloads: rules } }, onSwap: new Set() } as unknown as Surroundings['cell'];
  const config = { data: folder, poolLease: lease, poolRetention: 600_000 } as Config;
  const surroundings = { store, cell, config, log, registry: new Registry() } as unknown as Surroundings;
  const workloads = await openWorkloads(surroundings, { frames, runners, prepare: null });
  workloads.begin();
  return {
    workloads,
    frames,
    async schedule(asked, caller = null) {
      return (await workloads.schedule({ workload: read(asked), trace: 'a'.repeat(32), caller, idempotency: null })).id;
    },
    reach: (id, ...statuses) =>
      until(
        async () => {
          const found = await workloads.find(ALL, id);
          return found !== null && statuses.includes(found.workload.status) ? found : null;
        },
        `${id} to be ${statuses.join(' or ')}`,
        60_000,
      ),
    async told(id, type) {
      await frames.state(id);
      const page = await frames.read(id, 1, 64 << 20);
      return page.frames
        .filter((frame) => frame.type === type)
        .map(({ json }) => (JSON.parse(json.toString()) as { payload: Record<string, unknown> }).payload);
    },
    async close() {
      await workloads.close();
      await frames.close();
      await store.close();
      if (data === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
