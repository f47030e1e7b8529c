import type { Privacy } from './vocabulary.ts';

/** How a workload can run: as a process of a machine, or as a container of a cluster. */
export const WORKLOAD_FORMS = ['process', 'container'] as const;
export type WorkloadForm = (typeof WORKLOAD_FORMS)[number];

/** Where a node is: this machine, a cluster that this process speaks to, or another policyd. */
export const NODE_KINDS = ['local', 'kubernetes', 'peer'] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

/** Why a node may not take a workload, in the order in which they are asked. The first that holds is the reason that is told first. */
export const PLACEMENT_FILTERS = ['unreachable', 'cordoned', 'privacy', 'labels', 'form', 'gpu', 'cpu', 'memory'] as const;
export type PlacementFilter = (typeof PLACEMENT_FILTERS)[number];

/** CPU in thousandths of a core, memory in bytes, GPUs in pieces. */
export interface Resources {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly gpus: number;
}

/** What a workload asks of a node. */
export interface WorkloadIntent {
  readonly privacy: Privacy;
  readonly needs: Resources;
  /** Labels that the node must have, with these values. */
  readonly labels: Readonly<Record<string, string>>;
  /** Any of these will do. */
  readonly forms: readonly WorkloadForm[];
}

/** A place for workloads as it was last measured. */
export interface NodeState {
  /** `local`, `kubernetes/<node>` or `<peer>/<its node>`. */
  readonly name: string;
  readonly kind: NodeKind;
  readonly reachable: boolean;
  /** Takes no new workload. */
  readonly cordoned: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly forms: readonly WorkloadForm[];
  readonly total: Resources;
  /** What no workload has taken. */
  readonly free: Resources;
  /** Share of its CPU that is busy, 0..1. */
  readonly load: number;
}

/** One reason for one node. */
export interface PlacementReason {
  readonly node: string;
  readonly filter: PlacementFilter;
  /** For people: what was asked and what is there. */
  readonly detail: string;
}

/** Where a workload goes, and why nowhere else. */
export interface Placement {
  /** Index into the nodes that were given; -1 = none can take it. */
  readonly chosen: number;
  /** By node: higher is better; 0 where it is excluded. */
  readonly scores: readonly number[];
  readonly excluded: readonly PlacementReason[];
}

/** What one caller holds, over all its workloads that have not ended. */
export interface Holding {
  readonly jobs: number;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

export const QUOTAS = ['jobs_per_token', 'cpu', 'memory'] as const;
export type Quota = (typeof QUOTAS)[number];

/** A quota that a workload would break. Amounts in jobs, thousandths of a core, bytes. */
export interface QuotaRefusal {
  readonly quota: Quota;
  readonly limit: number;
  readonly held: number;
  readonly asked: number;
}

/** The policy of workloads as an artifact carries it; the functions of `WorkloadRules` are compiled from it. */
export interface WorkloadsConfig {
  readonly quotas: { readonly jobs: number | null; readonly cpuMillis: number | null; readonly memoryBytes: number | null };
  /** Globs over names of workloads that are never evicted. */
  readonly protected: readonly string[];
  readonly prefer: 'local' | 'any';
  /** Labels of the nodes that restricted workloads may run on; empty = this machine only. */
  readonly restrictedLabels: Readonly<Record<string, string>>;
}

/** What a generated router says of workloads: pure and synchronous. */
export interface WorkloadRules {
  /** Never evicted. */
  protects(name: string): boolean;
  /** Every quota that `asked` would break beside what is held; empty = none. */
  refuse(held: Holding, asked: Resources): readonly QuotaRefusal[];
  /** Filters and scores: node by node, every reason kept. Equal scores go to the earlier node. */
  place(intent: WorkloadIntent, nodes: readonly NodeState[]): Placement;
}
