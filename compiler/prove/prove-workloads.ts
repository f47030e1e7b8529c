import type { PolicySet } from '../../schema/policy-set.ts';
import type { RouterModule } from '../../schema/router.ts';
import { brokenQuotas, protectedBy } from '../interpret/hold-workloads.ts';
import { place } from '../interpret/place.ts';
import { choiceSpace, eligibilitySpace, holdingSpace, nameSpace } from './workload-spaces.ts';

/** A place where the rules of workloads and their meaning differ. */
export interface WorkloadDifference {
  readonly what: string;
  readonly expected: string;
  readonly got: string;
  readonly request: object;
}

export interface ProvenWorkloads {
  /** Nodes that were judged, holdings and names. */
  readonly placements: number;
  readonly difference: WorkloadDifference | null;
}

/** Compares placement, quotas and protection of a router with the interpreter, over finite spaces taken whole. */
export function proveWorkloads({ workloads: policy }: PolicySet, { workloads: rules }: RouterModule): ProvenWorkloads {
  let placements = 0;
  const fail = (what: string, expected: unknown, got: unknown, request: object): ProvenWorkloads => ({
    placements,
    difference: { what, expected: JSON.stringify(expected), got: JSON.stringify(got), request },
  });
  if (rules === undefined) return fail('workloads', 'rules', 'none', {});

  for (const { intent, nodes } of [...eligibilitySpace(policy), ...choiceSpace(policy)]) {
    placements += nodes.length;
    const expected = place(policy, intent, nodes);
    const got = rules.place(intent, nodes);
    const at = nodes.findIndex((_, row) => expected.scores[row] !== got.scores[row]);
    if (at >= 0) return fail('the score of a node', expected.scores[at], got.scores[at], { intent, node: nodes[at] });
    if (expected.chosen !== got.chosen) return fail('the node of a workload', expected.chosen, got.chosen, { intent, nodes });
    const odd = got.excluded.findIndex(
      ({ node, filter }, row) => node !== expected.excluded[row]?.node || filter !== expected.excluded[row]?.filter,
    );
    if (odd >= 0 || got.excluded.length !== expected.excluded.length) {
      const row = odd >= 0 ? odd : got.excluded.length;
      return fail('why a node takes no workload', expected.excluded[row], got.excluded[row], { intent });
    }
  }
  for (const { held, asked } of holdingSpace(policy)) {
    placements++;
    const expected = brokenQuotas(policy, held, asked);
    const got = rules.refuse(held, asked).map(({ quota }) => quota);
    if (expected.join() !== got.join()) return fail('the quotas that a workload breaks', expected, got, { held, asked });
  }
  const isProtected = protectedBy(policy);
  for (const name of nameSpace(policy)) {
    placements++;
    if (isProtected(name) !== rules.protects(name)) return fail('protection', isProtected(name), rules.protects(name), { name });
  }
  return { placements, difference: null };
}
