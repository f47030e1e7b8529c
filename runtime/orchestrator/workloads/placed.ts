import type { NodeKind, NodeState, Placement, PlacementReason } from '../../../schema/workload.ts';

/** Where a workload goes, and why nowhere else: as it is remembered and told. */
export interface Placed {
  readonly node: string;
  readonly kind: NodeKind;
  readonly score: number;
  /** By node; those that are excluded have none. */
  readonly scores: Readonly<Record<string, number>>;
  readonly excluded: readonly PlacementReason[];
}

/** Nodes and reasons that are told of one placement at most: a cluster may have thousands. */
const MOST = 100;

/** A placement with names for rows. Null = no node can take it now. */
export function namePlacement({ chosen, scores, excluded }: Placement, nodes: readonly NodeState[]): Placed | null {
  if (chosen < 0) return null;
  const { name, kind } = nodes[chosen];
  const best = nodes.map(({ name }, row) => [name, scores[row]] as const).filter(([, score]) => score > 0);
  best.sort(([, one], [, other]) => other - one);
  return {
    node: name,
    kind,
    score: scores[chosen],
    scores: Object.fromEntries(best.slice(0, MOST)),
    excluded: excluded.slice(0, MOST),
  };
}

export function boundReasons(excluded: readonly PlacementReason[]): readonly PlacementReason[] {
  return excluded.slice(0, MOST);
}
