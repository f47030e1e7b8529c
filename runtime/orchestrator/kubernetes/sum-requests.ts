import type { Resources } from '../../../schema/workload.ts';
import type { KubePod } from './objects.ts';
import { readQuantity } from './quantity.ts';

/** The resources that are GPUs. */
export const GPU_RESOURCES = ['nvidia.com/gpu', 'amd.com/gpu'] as const;

/**
 * What a pod takes of its node, as the scheduler counts it: its containers together, or what its init containers need one after the other beside
 * the sidecars that began before, whichever is more, and its overhead.
 */
export function sumRequests({ spec }: KubePod): Resources {
  let sidecars = NONE;
  let start = NONE;
  for (const { restartPolicy, resources } of spec?.initContainers ?? []) {
    const asked = readResources(resources?.requests);
    if (restartPolicy === 'Always') sidecars = add(sidecars, asked);
    start = most(start, restartPolicy === 'Always' ? sidecars : add(sidecars, asked));
  }
  const run = (spec?.containers ?? []).reduce((sum, { resources }) => add(sum, readResources(resources?.requests)), sidecars);
  return add(most(run, start), readResources(spec?.overhead));
}

/** Amounts as Kubernetes writes them. CPU is rounded up to thousandths, as the scheduler does. */
export function readResources(amounts: Readonly<Record<string, string>> | undefined): Resources {
  return {
    cpuMillis: Math.ceil(round(readQuantity(amounts?.cpu) * 1_000)),
    memoryBytes: Math.ceil(round(readQuantity(amounts?.memory))),
    gpus: GPU_RESOURCES.reduce((sum, name) => sum + readQuantity(amounts?.[name]), 0),
  };
}

const NONE: Resources = { cpuMillis: 0, memoryBytes: 0, gpus: 0 };

export const add = (a: Resources, b: Resources): Resources => ({
  cpuMillis: a.cpuMillis + b.cpuMillis,
  memoryBytes: a.memoryBytes + b.memoryBytes,
  gpus: a.gpus + b.gpus,
});

const most = (a: Resources, b: Resources): Resources => ({
  cpuMillis: Math.max(a.cpuMillis, b.cpuMillis),
  memoryBytes: Math.max(a.memoryBytes, b.memoryBytes),
  gpus: Math.max(a.gpus, b.gpus),
});

/** 0.1 * 1000 must not become 101. */
const round = (value: number): number => Math.round(value * 1e6) / 1e6;
