import type { Place, PolicySet, WorkloadPolicy } from '../../schema/policy-set.ts';
import type { RouterModule } from '../../schema/router.ts';
import type { NodeKind, NodeState, PlacementFilter, QuotaRefusal } from '../../schema/workload.ts';
import type { AskedWorkload } from './read-workload.ts';

/** Where a workload goes, and why nowhere else. */
export interface PlacementExplanation {
  readonly workload: AskedWorkload & {
    /** Never evicted. */
    readonly protected: boolean;
  };
  /** Name of the node; null = none can take it. */
  readonly chosen: string | null;
  /** In the order in which they were given. */
  readonly nodes: readonly {
    readonly node: string;
    readonly kind: NodeKind;
    /** 0 = it cannot take it. */
    readonly score: number;
    readonly excluded: readonly { readonly filter: PlacementFilter; readonly detail: string; readonly place: Place | null }[];
  }[];
  /** Quotas that it breaks even for a caller that holds nothing. */
  readonly refused: readonly (QuotaRefusal & { readonly place: Place | null })[];
}

/** Asks the router's rules; places are those of the policy behind a verdict. */
export function explainPlacement(
  { workloads: policy }: PolicySet,
  { workloads: rules }: RouterModule,
  workload: AskedWorkload,
  nodes: readonly NodeState[],
): PlacementExplanation {
  if (rules === undefined) throw new Error('invariant: every router that is emitted has rules of workloads');
  const { chosen, scores, excluded } = rules.place(workload.intent, nodes);
  return {
    workload: { ...workload, protected: rules.protects(workload.name) },
    chosen: nodes[chosen]?.name ?? null,
    nodes: nodes.map(({ name, kind }, row) => ({
      node: name,
      kind,
      score: scores[row]!,
      excluded: excluded
        .filter(({ node }) => node === name)
        .map(({ filter, detail }) => ({
          filter,
          detail,
          place: filter === 'privacy' ? (policy.restrictedLabels[0]?.place ?? null) : null,
        })),
    })),
    refused: rules
      .refuse({ jobs: 0, cpuMillis: 0, memoryBytes: 0 }, workload.intent.needs)
      .map((refusal) => ({ ...refusal, place: placeOf(policy, refusal) })),
  };
}

const placeOf = ({ quotas }: WorkloadPolicy, refusal: QuotaRefusal): Place | null =>
  quotas.find(({ quota }) => quota === refusal.quota)?.place ?? null;
