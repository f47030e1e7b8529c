import type { Holding, Resources, WorkloadsConfig } from '../../../schema/workload.ts';
import type { HostedRun } from './hosted-run.ts';

/** What runs ask for together. */
export function addUp(runs: readonly HostedRun[]): Resources {
  const sum = { cpuMillis: 0, memoryBytes: 0, gpus: 0 };
  for (const { needs } of runs) {
    sum.cpuMillis += needs.cpuMillis;
    sum.memoryBytes += needs.memoryBytes;
    sum.gpus += needs.gpus;
  }
  return sum;
}

/** What a peer has here. */
export function holdingOf(owner: string, live: readonly HostedRun[]): Holding {
  const own = live.filter((hosted) => hosted.owner === owner);
  const { cpuMillis, memoryBytes } = addUp(own);
  return { jobs: own.length, cpuMillis, memoryBytes };
}

/** Amounts of a node, as far as somebody may have them. */
export function atMost(amounts: Resources, { cpuMillis, memoryBytes }: Holding): Resources {
  return { ...amounts, cpuMillis: Math.min(amounts.cpuMillis, cpuMillis), memoryBytes: Math.min(amounts.memoryBytes, memoryBytes) };
}

/** What a peer may still have. */
export function leftOf(quotas: WorkloadsConfig['quotas'] | undefined, held: Holding): Holding {
  const most = Number.MAX_SAFE_INTEGER;
  return {
    jobs: Math.max(0, (quotas?.jobs ?? most) - held.jobs),
    cpuMillis: Math.max(0, (quotas?.cpuMillis ?? most) - held.cpuMillis),
    memoryBytes: Math.max(0, (quotas?.memoryBytes ?? most) - held.memoryBytes),
  };
}
