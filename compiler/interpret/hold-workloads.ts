import picomatch from 'picomatch';
import type { WorkloadPolicy } from '../../schema/policy-set.ts';
import type { Holding, Quota, Resources } from '../../schema/workload.ts';

/** The meaning of a glob over names of workloads, as over names of models. */
const GLOB_MEANING = { dot: true, strictSlashes: true };

/** Whether a workload of this name is never evicted, as a question about one policy. */
export function protectedBy({ protected: globs }: WorkloadPolicy): (name: string) => boolean {
  const matchers = globs.map(({ glob }) => picomatch(glob, GLOB_MEANING));
  return (name) => matchers.some((matches) => matches(name));
}

/** The quotas that a workload would break beside what its caller holds. */
export function brokenQuotas({ quotas }: WorkloadPolicy, held: Holding, asked: Resources): Quota[] {
  const sums: Readonly<Record<Quota, readonly [held: number, asked: number]>> = {
    jobs_per_token: [held.jobs, 1],
    cpu: [held.cpuMillis, asked.cpuMillis],
    memory: [held.memoryBytes, asked.memoryBytes],
  };
  return quotas.filter(({ quota, limit }) => sums[quota][1] > 0 && sums[quota][0] > limit - sums[quota][1]).map(({ quota }) => quota);
}
