import type { NodeState, Resources } from '../../../schema/workload.ts';
import type { KubeNode } from './objects.ts';
import { GPU_RESOURCES, readResources } from './sum-requests.ts';

/** What is kept of a node. */
export interface ClusterNode {
  readonly name: string;
  readonly ready: boolean;
  readonly cordoned: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly total: Resources;
  /** The resource that its GPUs are asked for by; null = it has none. */
  readonly gpuResource: string | null;
}

/** Reads a node. One with a taint that keeps pods away counts as cordoned: ours tolerate none. */
export function readNode({ metadata, spec, status }: KubeNode): ClusterNode {
  return {
    name: metadata?.name ?? '',
    ready: status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True',
    cordoned: spec?.unschedulable === true || (spec?.taints ?? []).some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute'),
    labels: metadata?.labels ?? {},
    total: readResources(status?.allocatable),
    gpuResource: GPU_RESOURCES.find((name) => Number(status?.allocatable?.[name] ?? 0) > 0) ?? null,
  };
}

/** A node as placement sees it. `load` is the share of its CPU that is promised: how busy it is, its API server does not say. */
export function toNodeState(node: ClusterNode, used: Resources, reachable: boolean): NodeState {
  const { total } = node;
  return {
    name: `kubernetes/${node.name}`,
    kind: 'kubernetes',
    reachable: reachable && node.ready,
    cordoned: node.cordoned,
    labels: node.labels,
    forms: ['container'],
    total,
    free: {
      cpuMillis: Math.max(0, total.cpuMillis - used.cpuMillis),
      memoryBytes: Math.max(0, total.memoryBytes - used.memoryBytes),
      gpus: Math.max(0, total.gpus - used.gpus),
    },
    load: total.cpuMillis === 0 ? 0 : Math.min(1, used.cpuMillis / total.cpuMillis),
  };
}
