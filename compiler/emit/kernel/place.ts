import type { NodeState, Placement, PlacementFilter, Resources, WorkloadIntent, WorkloadRules } from '../../../schema/workload.ts';
import type { WorkloadsData } from './data.ts';

/** Scores lie above 0 and below this: any node that is preferred beats every one that is not. */
const PREFERRED = 2000;

type Labels = Readonly<Record<string, string>>;

/**
 * Builds `place`. A node takes a workload when no filter objects; all of them are asked, so that a person sees every reason and not the
 * first. What is no number fits nowhere.
 */
export function buildPlace({ prefer, restrictedLabels }: WorkloadsData): WorkloadRules['place'] {
  const inside = Object.fromEntries(restrictedLabels.map(({ label, value }) => [label, value]));

  /** In words, why the node does not take it; null = it does. In the order in which they are told. */
  const filters: Readonly<Record<PlacementFilter, (intent: WorkloadIntent, node: NodeState) => string | null>> = {
    unreachable: (_, node) => (node.reachable ? null : 'does not answer'),
    cordoned: (_, node) => (node.cordoned ? 'takes no new workloads' : null),
    privacy: (intent, node) => {
      if (intent.privacy === 'unrestricted') return null;
      if (restrictedLabels.length > 0) return tellLabels('a restricted workload needs', inside, node.labels);
      return node.kind === 'local' ? null : `a restricted workload stays on this machine: the policy names no \`restricted_labels\``;
    },
    labels: (intent, node) => tellLabels('needs', intent.labels, node.labels),
    form: ({ forms }, node) =>
      forms.some((form) => node.forms.includes(form)) ? null : `it runs as ${list(forms)}, the node takes ${list(node.forms)}`,
    gpu: ({ needs }, { free, total }) => tellAmount(needs.gpus, free.gpus, total.gpus, counted(1, 'GPU')),
    cpu: ({ needs }, { free, total }) => tellAmount(needs.cpuMillis, free.cpuMillis, total.cpuMillis, counted(1000, 'core')),
    memory: ({ needs }, { free, total }) => tellAmount(needs.memoryBytes, free.memoryBytes, total.memoryBytes, bytes),
  };
  const asked = Object.entries(filters) as [PlacementFilter, (typeof filters)[PlacementFilter]][];

  return (intent, nodes): Placement => {
    const scores: number[] = [];
    const excluded: Placement['excluded'][number][] = [];
    let chosen = -1;
    for (const [row, node] of nodes.entries()) {
      const reasons = asked.flatMap(([filter, tell]) => {
        const detail = tell(intent, node);
        return detail === null ? [] : [{ node: node.name, filter, detail }];
      });
      excluded.push(...reasons);
      const isPreferred = prefer === 'local' && node.kind === 'local';
      const score = reasons.length > 0 ? 0 : scoreOf(intent.needs, node) + (isPreferred ? PREFERRED : 0);
      scores.push(score);
      if (score > 0 && (chosen < 0 || score > scores[chosen]!)) chosen = row;
    }
    return { chosen, scores, excluded };
  };
}

/** From 1 to 1001: 1 + thousandths of CPU and memory that stay free with the workload on it, the mean of both, × the part of the CPU that is idle. */
function scoreOf(needs: Resources, { free, total, load }: NodeState): number {
  const cpu = thousandths(free.cpuMillis - needs.cpuMillis, total.cpuMillis);
  const memory = thousandths(free.memoryBytes - needs.memoryBytes, total.memoryBytes);
  // What is no number counts as busy.
  const idle = load <= 1 ? 1000 - thousandths(Math.round(load * 1000), 1000) : 0;
  return 1 + Math.floor(((cpu + memory) * idle) / 2000);
}

/** A share in whole thousandths, at least 0 and at most 1000; 0 of nothing. */
const thousandths = (part: number, whole: number): number =>
  part > 0 && whole > 0 ? Math.min(1000, Math.floor((part * 1000) / whole)) : 0;

/** The labels that are missing or have another value. */
function tellLabels(who: string, asked: Labels, has: Labels): string | null {
  const missing = Object.entries(asked).filter(([label, value]) => !Object.hasOwn(has, label) || has[label] !== value);
  if (missing.length === 0) return null;
  const told = missing.map(([label, value]) => {
    const there = Object.hasOwn(has, label) ? `has \`${label}: ${has[label]}\`` : `has no \`${label}\``;
    return `\`${label}: ${value}\`, the node ${there}`;
  });
  return `${who} ${told.join('; ')}`;
}

/** An amount for people; what is needed is rounded up, what is there down. */
type Tell = (amount: number, round: (amount: number) => number) => string;

/** What is not needed is not missed, also where more is taken than there is. */
function tellAmount(needs: number, free: number, total: number, tell: Tell): string | null {
  if (needs <= 0 || needs <= free) return null;
  const there = (amount: number): string => (amount > 0 ? tell(amount, Math.floor) : 'none');
  const isOne = free <= 0 || there(free).startsWith('1 ');
  return `needs ${tell(needs, Math.ceil)}, ${needs <= total ? `${there(free)} ${isOne ? 'is' : 'are'} free` : `it has ${there(total)}`}`;
}

/** So many thousandths, or pieces. */
const counted =
  (one: number, noun: string): Tell =>
  (amount) =>
    `${amount / one} ${noun}${amount === one ? '' : 's'}`;

/** With at most two decimals, in the largest unit of which there is one. */
const bytes: Tell = (amount, round) => {
  const power = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.max(1, amount)) / 10)));
  return `${round((amount / 2 ** (10 * power)) * 100) / 100} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
};

const list = (words: readonly string[]): string => (words.length === 0 ? 'nothing' : words.join(' or '));
