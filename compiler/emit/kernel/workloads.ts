import type { Holding, Quota, QuotaRefusal, Resources, WorkloadRules } from '../../../schema/workload.ts';
import type { WorkloadsData } from './data.ts';
import { buildPlace } from './place.ts';

/** Builds the rules of workloads. Off the request path. */
export function buildWorkloads(data: WorkloadsData): WorkloadRules {
  const globs = data.protected.map(({ glob, pattern }) => ({ glob, test: new RegExp(pattern) }));
  return {
    protects: (name) => globs.some(({ glob, test }) => glob === name || test.test(name)),
    refuse(held, asked) {
      return data.quotas.flatMap(({ quota, limit }): QuotaRefusal[] => {
        const amount = AMOUNTS[quota](held, asked);
        // What is not asked for breaks no quota, also where one was lowered below what is held. What is no number breaks it.
        return amount.asked === 0 || amount.held + amount.asked <= limit ? [] : [{ quota, limit, ...amount }];
      });
    },
    place: buildPlace(data),
  };
}

const AMOUNTS: Readonly<Record<Quota, (held: Holding, asked: Resources) => { readonly held: number; readonly asked: number }>> = {
  jobs_per_token: (held) => ({ held: held.jobs, asked: 1 }),
  cpu: (held, asked) => ({ held: held.cpuMillis, asked: asked.cpuMillis }),
  memory: (held, asked) => ({ held: held.memoryBytes, asked: asked.memoryBytes }),
};
