import type { NodeState, PlacementFilter, PlacementReason, Resources } from '../../../schema/workload.ts';

/** What time does not change while the policy and the node's labels stay. */
const LASTING: ReadonlySet<PlacementFilter> = new Set(['privacy', 'labels', 'form']);

/** Whether a node that cannot take a workload now could when it is reachable, uncordoned and empty. */
export function mayEverTake(node: NodeState, needs: Resources, excluded: readonly PlacementReason[]): boolean {
  if (excluded.some((reason) => reason.node === node.name && LASTING.has(reason.filter))) return false;
  const { total } = node;
  return needs.cpuMillis <= total.cpuMillis && needs.memoryBytes <= total.memoryBytes && needs.gpus <= total.gpus;
}
