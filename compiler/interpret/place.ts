import type { WorkloadPolicy } from '../../schema/policy-set.ts';
import { type NodeState, PLACEMENT_FILTERS, type PlacementFilter, type Resources, type WorkloadIntent } from '../../schema/workload.ts';

/** Where a workload goes by the meaning of the policy, without words. */
export interface Placed {
  /** Index into the nodes; -1 = none can take it. */
  readonly chosen: number;
  readonly scores: readonly number[];
  /** By node, in their order: every filter that objects, in the order of `PLACEMENT_FILTERS`. */
  readonly excluded: readonly { readonly node: string; readonly filter: PlacementFilter }[];
}

type Question = { readonly policy: WorkloadPolicy; readonly intent: WorkloadIntent; readonly node: NodeState };

/** What a node must be to take a workload. */
const DEMANDS: Readonly<Record<PlacementFilter, (asked: Question) => boolean>> = {
  unreachable: ({ node }) => node.reachable,
  cordoned: ({ node }) => !node.cordoned,
  privacy: ({ policy: { restrictedLabels }, intent, node }) =>
    intent.privacy === 'unrestricted' ||
    (restrictedLabels.length === 0 ? node.kind === 'local' : restrictedLabels.every(({ label, value }) => carries(node, label, value))),
  labels: ({ intent, node }) => Object.entries(intent.labels).every(([label, value]) => carries(node, label, value)),
  form: ({ intent, node }) => intent.forms.filter((form) => node.forms.includes(form)).length > 0,
  gpu: (asked) => has('gpus', asked),
  cpu: (asked) => has('cpuMillis', asked),
  memory: (asked) => has('memoryBytes', asked),
};

const carries = ({ labels }: NodeState, label: string, value: string): boolean =>
  Object.entries(labels).some(([name, there]) => name === label && there === value);

/** What is not needed need not be there. */
const has = (kind: keyof Resources, { intent, node }: Question): boolean =>
  intent.needs[kind] === 0 || node.free[kind] - intent.needs[kind] >= 0;

/** How far a node that is preferred stands above the others; more than any share in thousandths. */
const PREFERRED = 2000n;

/** Every node by itself, then the best of them; the earlier of equals. Amounts are whole numbers, `load` is a share in thousandths. */
export function place(policy: WorkloadPolicy, intent: WorkloadIntent, nodes: readonly NodeState[]): Placed {
  const objections = nodes.map((node) => PLACEMENT_FILTERS.filter((filter) => !DEMANDS[filter]({ policy, intent, node })));
  const fitting = [...nodes.keys()].filter((row) => objections[row].length === 0);
  const isPreferred = (row: number): boolean => policy.prefer === 'local' && nodes[row].kind === 'local';
  const shares = nodes.map((node, row) => (objections[row].length === 0 ? shareLeft(intent.needs, node) : 0n));
  const [chosen = -1] = fitting.toSorted(
    (a, b) => Number(isPreferred(b)) - Number(isPreferred(a)) || Number(shares[b] - shares[a]) || a - b,
  );
  return {
    chosen,
    scores: nodes.map((_, row) => (objections[row].length === 0 ? Number(1n + shares[row] + (isPreferred(row) ? PREFERRED : 0n)) : 0)),
    excluded: nodes.flatMap(({ name }, row) => objections[row].map((filter) => ({ node: name, filter }))),
  };
}

/** Thousandths of CPU and memory that nothing takes with the workload on it, halved, of the part of the CPU that is idle. */
function shareLeft(needs: Resources, { free, total, load }: NodeState): bigint {
  const left = (kind: keyof Resources): bigint => perMille(BigInt(free[kind]) - BigInt(needs[kind]), BigInt(total[kind]));
  const idle = 1000n - perMille(BigInt(Math.round(load * 1000)), 1000n);
  return ((left('cpuMillis') + left('memoryBytes')) * idle) / 2000n;
}

function perMille(part: bigint, whole: bigint): bigint {
  if (whole === 0n || part <= 0n) return 0n;
  return part >= whole ? 1000n : (1000n * part) / whole;
}
