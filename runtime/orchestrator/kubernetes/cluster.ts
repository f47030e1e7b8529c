import type { Logger } from 'pino';
import type { NodeState, Resources } from '../../../schema/workload.ts';
import type { ApiServer } from './api-server.ts';
import type { ApiError } from './api-error.ts';
import { Mirror } from './mirror.ts';
import type { KubePod } from './objects.ts';
import { type ClusterNode, readNode, toNodeState } from './read-node.ts';
import { ENDS, readStatus } from './read-status.ts';
import { add, sumRequests } from './sum-requests.ts';
import { MANAGED_BY, MANAGER, NODE_ANNOTATION } from './write-pod.ts';

/** Most objects of a kind that are looked at. */
const MOST = { nodes: 5_000, pods: 150_000, runs: 20_000 } as const;
/** Ms that a pod that was just made is counted although no watch told of it. */
const MADE_TIME = 30_000;

/** What is kept of a pod of any namespace: what it takes, where. */
interface Share {
  readonly namespace: string;
  readonly name: string;
  readonly node: string | null;
  readonly ours: boolean;
  readonly ended: boolean;
  readonly phase: string;
  readonly takes: Resources;
}

export interface ClusterOptions {
  readonly namespace: string;
  /** What this cluster is called in messages. */
  readonly name: string;
  readonly log: Logger;
  /** Ms of silence after which a watch is made anew; for tests. */
  readonly silence?: number;
}

/** The nodes and pods of a cluster as they were last told: three watches, however many runs there are. */
export class Cluster {
  /** Pods of our runs, whole. */
  readonly runs: Mirror<KubePod>;
  readonly #nodes: Mirror<ClusterNode>;
  readonly #shares: Mirror<Share>;
  readonly #made = new Map<string, { readonly node: string; readonly takes: Resources; readonly until: number }>();
  readonly #options: ClusterOptions;
  #states: readonly NodeState[] | null = null;
  #told: string | null | undefined = undefined;

  constructor(server: ApiServer, options: ClusterOptions) {
    this.#options = options;
    const { namespace, silence } = options;
    this.runs = new Mirror<KubePod>(server, {
      path: `/api/v1/namespaces/${namespace}/pods`,
      query: { labelSelector: `${MANAGED_BY}=${MANAGER}` },
      keep: (pod: KubePod) => pod,
      most: MOST.runs,
      silence,
    });
    this.#nodes = new Mirror<ClusterNode>(server, { path: '/api/v1/nodes', query: {}, keep: readNode, most: MOST.nodes, silence });
    this.#shares = new Mirror<Share>(server, {
      path: '/api/v1/pods',
      query: { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' },
      keep: readShare,
      most: MOST.pods,
      silence,
    });
    for (const mirror of [this.runs, this.#nodes, this.#shares] as const) {
      mirror.onChange.add(() => {
        this.#states = null;
      });
      mirror.onState.add(() => {
        this.#states = null;
        this.#tell();
      });
    }
    this.runs.onChange.add(({ key }) => this.#made.delete(key));
  }

  start(): void {
    for (const mirror of [this.runs, this.#nodes, this.#shares] as const) mirror.start();
  }

  close(): void {
    for (const mirror of [this.runs, this.#nodes, this.#shares] as const) mirror.close();
  }

  /** Why this cluster takes nothing now; null = it does. That pods of other namespaces are not to be seen is no reason. */
  get problem(): ApiError | null {
    return this.#nodes.problem ?? this.runs.problem;
  }

  /** Other namespaces are counted. */
  get whole(): boolean {
    return this.#shares.listed && this.#shares.problem?.code !== 'forbidden';
  }

  /** A run's pod was made: it takes its room from now on, before a watch tells of it. */
  count(name: string, node: string, takes: Resources): void {
    const key = `${this.#options.namespace}/${name}`;
    if (this.runs.items.has(key)) return;
    this.#made.set(key, { node, takes, until: Date.now() + MADE_TIME });
    this.#states = null;
  }

  node(name: string): ClusterNode | null {
    return this.#nodes.items.get(name) ?? null;
  }

  /** Pods of the namespace that are no runs. */
  foreign(): readonly { readonly name: string; readonly node: string | null; readonly phase: string }[] {
    return [...this.#shares.items.values()].filter((share) => !share.ours && share.namespace === this.#options.namespace);
  }

  /** Before anything was ever told of the cluster, it is one node that cannot be reached, so that there is something to give as a reason. */
  nodes(): readonly NodeState[] {
    if (this.#made.size > 0) this.#forget();
    this.#states ??= this.#measure();
    return this.#states;
  }

  #measure(): NodeState[] {
    const used = new Map<string, Resources>();
    const take = (node: string | null, takes: Resources): void => {
      if (node !== null) used.set(node, add(used.get(node) ?? NONE, takes));
    };
    const counted = new Set<string>();
    for (const [key, share] of this.#shares.items) {
      if (share.ended) continue;
      counted.add(key);
      take(share.node, share.takes);
    }
    for (const [key, pod] of this.runs.items) {
      const share = readShare(pod);
      if (!share.ended && !counted.has(key)) take(share.node, share.takes);
    }
    for (const [key, made] of this.#made) if (!counted.has(key)) take(made.node, made.takes);
    const reachable = this.problem === null;
    const states = [...this.#nodes.items.values()].map((node) => toNodeState(node, used.get(node.name) ?? NONE, reachable));
    if (states.length > 0 || this.#nodes.listed) return states;
    const unknown: ClusterNode = { name: this.#options.name, ready: false, cordoned: false, labels: {}, total: NONE, gpuResource: null };
    return [toNodeState(unknown, NONE, false)];
  }

  #forget(): void {
    const now = Date.now();
    for (const [key, { until }] of this.#made) {
      if (until > now) continue;
      this.#made.delete(key);
      this.#states = null;
    }
  }

  /** Says once that the cluster cannot be reached, why, and that it can again. */
  #tell(): void {
    const { log, name } = this.#options;
    // Until all is seen once there is nothing to say.
    if (this.problem === null && !(this.#nodes.listed && this.runs.listed)) return;
    const told = this.problem?.message ?? (this.#shares.problem?.code === 'forbidden' ? this.#shares.problem.message : null);
    if (told === this.#told) return;
    this.#told = told;
    if (this.problem !== null) log.warn({ cluster: name, reason: told }, 'cluster cannot be reached');
    else if (told !== null)
      log.warn({ cluster: name, reason: told }, 'pods of other namespaces are not seen: only our own are counted as taking room');
    else log.info({ cluster: name }, 'cluster is reached');
  }
}

const NONE: Resources = { cpuMillis: 0, memoryBytes: 0, gpus: 0 };

function readShare(pod: KubePod): Share {
  const phase = pod.status?.phase ?? 'Pending';
  const { name = '', namespace = '', labels, annotations } = pod.metadata ?? {};
  const ours = labels?.[MANAGED_BY] === MANAGER;
  return {
    namespace,
    name,
    // What waits for the scheduler has a node already, where it is ours.
    node: pod.spec?.nodeName ?? (ours ? (annotations?.[NODE_ANNOTATION] ?? null) : null),
    ours,
    ended: ours ? ENDS.has(readStatus(pod).phase) : phase === 'Succeeded' || phase === 'Failed',
    phase,
    takes: sumRequests(pod),
  };
}
