import type { WorkloadPolicy } from '../../schema/policy-set.ts';
import type { Holding, NodeState, Resources, WorkloadIntent } from '../../schema/workload.ts';

/** A workload and the nodes that it may be put on. */
export interface PlacementQuestion {
  readonly intent: WorkloadIntent;
  readonly nodes: readonly NodeState[];
}

const KINDS = ['local', 'kubernetes', 'peer'] as const;
/** Of a label that is asked for: it is there, it has another value, it is not there. */
const LABELLED = ['equal', 'other', 'absent'] as const;
type Labelled = (typeof LABELLED)[number];

const NEEDS: Resources = { cpuMillis: 1500, memoryBytes: 3 * 2 ** 30, gpus: 1 };
const TOTAL: Resources = { cpuMillis: 8000, memoryBytes: 16 * 2 ** 30, gpus: 4 };

/**
 * Whether a node may take a workload depends on each of these for itself: their whole product is the space. One question for every
 * privacy and label asked for, over nodes that have everything, that lack one thing, and so on to those that lack all. Labels that nothing asks
 * for are absent: what has them is no better.
 */
export function eligibilitySpace(policy: WorkloadPolicy): PlacementQuestion[] {
  return product([
    ['unrestricted', 'restricted'],
    [false, true],
  ] as const).map(([privacy, isLabelled]) => {
    const inside: readonly Labelled[] = privacy === 'restricted' ? LABELLED : ['absent'];
    const asked: readonly Labelled[] = isLabelled ? LABELLED : ['absent'];
    return {
      intent: { privacy, needs: NEEDS, labels: labelOf('asked/for', 'yes', isLabelled ? 'equal' : 'absent'), forms: ['process'] },
      nodes: product([[true, false], [false, true], KINDS, inside, asked, [true, false], [0, 1], [0, 1], [0, 1]] as const).map(
        ([reachable, cordoned, kind, insideIs, askedIs, runs, gpu, cpu, memory], row): NodeState => ({
          name: `node-${row}`,
          kind,
          reachable,
          cordoned,
          labels: { ...insideLabels(policy, insideIs, row), ...labelOf('asked/for', 'yes', askedIs) },
          forms: runs ? ['container', 'process'] : ['container'],
          total: TOTAL,
          // All that is needed, or one less: the boundary of each.
          free: { cpuMillis: NEEDS.cpuMillis - cpu, memoryBytes: NEEDS.memoryBytes - memory, gpus: NEEDS.gpus - gpu },
          load: 0.25,
        }),
      ),
    };
  });
}

/** Which of several nodes that fit is chosen: all shares of CPU and memory at their steps, loads and kinds, and what is overcommitted or has nothing. */
export function choiceSpace(policy: WorkloadPolicy): PlacementQuestion[] {
  const shares = [0, 1, 5, 8] as const;
  const nodes = product([KINDS, shares, shares, [0, 0.0005, 0.25, 1]] as const).map(([kind, cpu, memory, load], row): NodeState => {
    return {
      name: `node-${row}`,
      kind,
      reachable: true,
      cordoned: false,
      labels: insideLabels(policy, 'equal', row),
      forms: ['process', 'container'],
      total: TOTAL,
      free: {
        cpuMillis: (TOTAL.cpuMillis / 8) * cpu,
        // One byte less than an eighth: rounded down, never up.
        memoryBytes: Math.max(0, (TOTAL.memoryBytes / 8) * memory - 1),
        gpus: 0,
      },
      load,
    };
  });
  const nothing: Resources = { cpuMillis: 0, memoryBytes: 0, gpus: 0 };
  const odd: NodeState[] = [
    { ...nodes[0]!, name: 'overcommitted', free: { cpuMillis: -500, memoryBytes: -1, gpus: -1 } },
    { ...nodes[0]!, name: 'empty', total: nothing, free: nothing },
  ];
  const intents = [nothing, { cpuMillis: 1000, memoryBytes: 2 ** 30, gpus: 0 }].flatMap((needs): WorkloadIntent[] => [
    { privacy: 'unrestricted', needs, labels: {}, forms: ['container'] },
    { privacy: 'restricted', needs, labels: {}, forms: ['process', 'container'] },
  ]);
  // All at once, then each beside others near and far, so that every node is somewhere the best and somewhere not.
  const beside = nodes.flatMap((node, row) => [1, 127].map((step) => [node, nodes[(row + step) % nodes.length]!, ...odd]));
  return [
    ...intents.map((intent) => ({ intent, nodes: [...nodes, ...odd] })),
    ...beside.map((some, row) => ({ intent: intents[row % intents.length]!, nodes: some })),
  ];
}

/** At, below and above every quota, with nothing asked and with all of it. */
export function holdingSpace({ quotas }: WorkloadPolicy): { readonly held: Holding; readonly asked: Resources }[] {
  const limitOf = (name: string): number => quotas.find(({ quota }) => quota === name)?.limit ?? 1000;
  const held = (limit: number): number[] => [...new Set([0, Math.max(0, limit - 1), limit, limit + 1])];
  const asked = (limit: number): number[] => [...new Set([0, 1, limit, limit + 1])];
  const [jobs, cpu, memory] = ['jobs_per_token', 'cpu', 'memory'].map(limitOf) as [number, number, number];
  return product([held(jobs), held(cpu), held(memory), asked(cpu), asked(memory)] as const).map(
    ([jobsHeld, cpuHeld, memoryHeld, cpuMillis, memoryBytes]) => ({
      held: { jobs: jobsHeld, cpuMillis: cpuHeld, memoryBytes: memoryHeld },
      asked: { cpuMillis, memoryBytes, gpus: 0 },
    }),
  );
}

/** Names near the globs: what they match in full, what they nearly match, and what a literal reading of them is. At most `MOST_NAMES`. */
export function nameSpace({ protected: globs }: WorkloadPolicy): string[] {
  const near = globs.flatMap(({ glob }) => {
    const fillings = ['', 'x', 'a-b', '.x', 'a/b'].map((filling) => glob.replaceAll(/\*+/g, filling).replaceAll('?', 'q'));
    return [
      glob,
      ...fillings,
      `${fillings[1]}x`,
      `x${fillings[1]}`,
      fillings[1]!.slice(1),
      fillings[1]!.slice(0, -1),
      fillings[1]!.toUpperCase(),
    ];
  });
  const names = [...new Set(['', 'job', 'kube', 'kube-', 'a.b', ...near])];
  const step = Math.ceil(names.length / MOST_NAMES);
  return names.filter((_, row) => row % step === 0);
}

const MOST_NAMES = 500;

/** The labels that restricted workloads ask for; where something is wrong, with one of them, in turn. */
function insideLabels({ restrictedLabels }: WorkloadPolicy, state: Labelled, turn: number): NodeState['labels'] {
  const wrong = turn % Math.max(1, restrictedLabels.length);
  return Object.fromEntries(
    restrictedLabels.flatMap(({ label, value }, row) => Object.entries(labelOf(label, value, row === wrong ? state : 'equal'))),
  );
}

const labelOf = (label: string, value: string, state: Labelled): NodeState['labels'] =>
  state === 'absent' ? {} : Object.fromEntries([[label, state === 'equal' ? value : `${value}-not`]]);

type Product<Axes extends readonly (readonly unknown[])[]> = { -readonly [K in keyof Axes]: Axes[K][number] };

/** Every combination, the last axis fastest. */
function product<const Axes extends readonly (readonly unknown[])[]>(axes: Axes): Product<Axes>[] {
  return axes.reduce<unknown[][]>((rows, axis) => rows.flatMap((row) => axis.map((value) => [...row, value])), [[]]) as Product<Axes>[];
}
