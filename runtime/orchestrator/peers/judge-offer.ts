import type { Holding, NodeState, Resources, WorkloadRules } from '../../../schema/workload.ts';
import { formsOf } from '../workload.ts';
import type { Offer } from './wire.ts';

export type OfferReason = Readonly<Record<string, unknown>> & { readonly code: string };

/**
 * Every reason why this policyd does not take a peer's run, by its own policy; empty = it does. To its policy a peer's workload is not of
 * this machine: a restricted one is taken only where the policy names labels for such, and the node has them.
 *
 * @param holding What the peer has here. @param promised What is held on the node for runs that have not started.
 */
export function judgeOffer(
  rules: WorkloadRules | undefined,
  { workload }: Pick<Offer, 'workload'>,
  node: NodeState,
  holding: Holding,
  promised: Resources,
): OfferReason[] {
  if (rules === undefined) return [{ code: 'no_workload_rules', detail: 'its policy was compiled before there were rules of workloads' }];
  const { needs, privacy, nodeLabels } = workload;
  const quotas = rules.refuse(holding, needs).map(({ quota, limit, held, asked }) => ({ code: quota, limit, held, asked }));
  const free: Resources = {
    cpuMillis: Math.max(0, node.free.cpuMillis - promised.cpuMillis),
    memoryBytes: Math.max(0, node.free.memoryBytes - promised.memoryBytes),
    gpus: Math.max(0, node.free.gpus - promised.gpus),
  };
  const intent = { needs, privacy, labels: nodeLabels, forms: formsOf(workload) };
  const { chosen, excluded } = rules.place(intent, [{ ...node, kind: 'peer', free }]);
  const places = excluded.map(({ filter, detail }) => ({ code: filter, node: node.name, detail }));
  if (chosen === -1 && places.length === 0) places.push({ code: 'unreachable', node: node.name, detail: 'it is not eligible' });
  return [...quotas, ...places];
}
