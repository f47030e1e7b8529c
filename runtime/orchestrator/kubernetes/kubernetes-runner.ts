import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { NodeState } from '../../../schema/workload.ts';
import { type Pod, type Runner, RunnerError, type RunPhase, type RunRequest, type RunStatus, type StopResult } from '../runner.ts';
import { ApiError } from './api-error.ts';
import type { ApiServer } from './api-server.ts';
import { Cluster } from './cluster.ts';
import { Evictions } from './evict-pod.ts';
import { followLog } from './follow-log.ts';
import type { MirrorChange } from './mirror.ts';
import { type KubePod, toMillis } from './objects.ts';
import { Endings } from './endings.ts';
import { ENDS, LOST, readStatus, type Stop } from './read-status.ts';
import { readWarning } from './read-warning.ts';
import { sumRequests } from './sum-requests.ts';
import { DIGEST_ANNOTATION, digestOf, JOB_LABEL, MANAGED_BY, MANAGER, NODE_ANNOTATION, STOP_ANNOTATION, writePod } from './write-pod.ts';

/** Attempts of a call that may be made twice, while it is a matter of the network. */
const ATTEMPTS = 4;
const BACKOFF = 150;
/** Ms after which the pod itself is asked for, where no watch tells of it. */
const LOOK = 3_000;
/** Ms after which a pod that waits is asked for its warnings. */
const STUCK = 2_000;

/** Ms beyond the grace in which a node has to say that a run ended. */
const CONFIRM = 15_000;
/** Ms after its time that a pod that never began counts as ended, on a node that is there. */
const LEFT = 30_000;
/** Pods that a list reads at a time, and in all. */
const PAGE = 100;
const MOST_LISTED = 10_000;
/** A run goes forward only. */
const RANKS: Readonly<Record<RunPhase, number>> = { pending: 0, running: 1, succeeded: 2, failed: 2, evicted: 2, lost: 2 };
/** Ms that a watch has to tell how a pod ended that is not there any more. */
const MISSING = 1_500;

/** A pod that was asked for, and since when (of `performance.now`) it is not there. */
interface Seen {
  readonly pod: KubePod | null;
  readonly missing: number | null;
}

export interface KubernetesOptions {
  readonly server: ApiServer;
  readonly namespace: string;
  /** Name of the context: what the cluster is called. */
  readonly name: string;
  readonly log: Logger;
  /** Ms; for tests. */
  readonly silence?: number;
}

/** Runs as pods of one namespace of a cluster. */
export class KubernetesRunner implements Runner {
  readonly cluster: Cluster;
  readonly endings: Endings;
  readonly #server: ApiServer;
  readonly #namespace: string;
  readonly #evictions: Evictions;
  readonly #closing = new AbortController();

  constructor(options: KubernetesOptions) {
    this.#server = options.server;
    this.#namespace = options.namespace;
    this.cluster = new Cluster(options.server, options);
    this.#evictions = new Evictions(options.server);
    this.endings = new Endings(options.server, this.cluster.runs, options.namespace);
    this.cluster.start();
  }

  nodes(): readonly NodeState[] {
    return this.cluster.nodes();
  }

  async start(run: RunRequest): Promise<RunStatus> {
    // Its pod was let go of: a second one of this name would be a second run.
    const ended = this.endings.find(checkId(run.id));
    if (ended !== null) return ended;
    const node = nodeOf(run.node);
    if (run.workload.image === null)
      throw new RunnerError('no_image', true, 'a workload without an image cannot run as a container [no-image] help: name its `image`');
    const body = writePod(run, this.cluster.node(node)?.gpuResource ?? null);
    let pod: KubePod;
    try {
      // Whether an attempt that got no answer made the pod, the next one learns: its name is taken then.
      pod = await this.#persist(() => this.#server.core.createNamespacedPod({ namespace: this.#namespace, body }));
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'already_exists') throw error;
      const found = await this.#persist(() => this.#get(run.id));
      if (found === null) return this.endings.find(run.id) ?? LOST;
      this.#claim(found, run);
      return this.#read(found);
    }
    this.cluster.count(run.id, pod.metadata?.annotations?.[NODE_ANNOTATION] ?? node, sumRequests(pod));
    return readStatus(pod);
  }

  async watch(run: Pick<RunRequest, 'id' | 'node'>, hear: (status: RunStatus) => void, signal: AbortSignal): Promise<void> {
    const key = `${this.#namespace}/${checkId(run.id)}`;
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    let last = '';
    let over = false;
    let rank = 0;
    let warning: string | null = null;
    let wake: () => void = () => {};
    const tell = (status: RunStatus): void => {
      // What was asked for may come after what was told by itself.
      if (over || ending.aborted || RANKS[status.phase] < rank) return;
      rank = RANKS[status.phase];
      const told = status.phase === 'pending' && warning !== null && isQuiet(status.reason) ? { ...status, reason: warning } : status;
      if (ENDS.has(told.phase)) over = true;
      const text = JSON.stringify(told);
      if (text === last) return;
      last = text;
      hear(told);
    };
    const onChange = ({ key: changed, item, gone }: MirrorChange<KubePod>): void => {
      if (changed !== key) return;
      tell(gone ? this.endings.note(item) : this.#read(item));
      wake();
    };
    let seen: Seen = { pod: null, missing: null };
    const onState = (): void => wake();
    this.cluster.runs.onChange.add(onChange);
    this.cluster.runs.onState.add(onState);
    try {
      while (!over && !ending.aborted) {
        const known = this.cluster.runs.items.get(key);
        if (known === undefined) seen = await this.#lookFor(run.id, seen, tell, ending);
        else {
          tell(this.#read(known));
          if (!over && isStuck(known)) {
            warning = await readWarning(this.#server, this.#namespace, known, ending).catch(() => warning);
            // It may have changed while its events were read.
            const now = this.cluster.runs.items.get(key);
            if (now !== undefined) tell(this.#read(now));
          }
        }
        if (over || ending.aborted) return;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, seen.missing === null ? LOOK : MISSING / 2);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          ending.addEventListener('abort', wake, { once: true });
        });
        ending.removeEventListener('abort', wake);
      }
    } finally {
      this.cluster.runs.onChange.delete(onChange);
      this.cluster.runs.onState.delete(onState);
    }
  }

  async logs(
    run: Pick<RunRequest, 'id' | 'node'>,
    from: number,
    hear: (bytes: Buffer) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    const path = `/api/v1/namespaces/${this.#namespace}/pods/${run.id}`;
    await followLog({ server: this.#server, path, settled: (until) => this.#settle(run, until) }, from, hear, ending);
  }

  async stop(
    run: Pick<RunRequest, 'id' | 'node'>,
    { grace, evict, reason }: { readonly grace: number; readonly evict: boolean; readonly reason: string },
  ): Promise<StopResult> {
    const pod = await this.#persist(() => this.#get(checkId(run.id)));
    const uid = pod?.metadata?.uid;
    if (pod === null || uid === undefined) return { result: 'gone' };
    if (pod.metadata?.labels?.[MANAGED_BY] !== MANAGER) throw foreign(run.id);
    if (ENDS.has(this.#read(pod).phase)) return { result: 'gone' };
    this.endings.expect(pod, { reason, evict });
    const asked = await this.#remove(pod, Math.max(1, Math.ceil(grace / 1_000)), { reason, evict });
    if (asked.result === 'stopped') await this.#awaitEnd(run, grace);
    return asked;
  }

  /** `seconds` is at least 1: with 0 the pod would be taken off the list while its process may go on. */
  async #remove(pod: KubePod, seconds: number, stop: Stop): Promise<StopResult> {
    const { name = '', uid = '' } = pod.metadata ?? {};
    const namespace = this.#namespace;
    // For those who find the pod after us.
    const sign = (): Promise<void> =>
      this.#persist(() =>
        this.#server.patch(`/api/v1/namespaces/${namespace}/pods/${name}`, {
          metadata: { uid, annotations: { [STOP_ANNOTATION]: JSON.stringify(stop) } },
        }),
      );
    try {
      if (stop.evict) {
        const evicted = await this.#persist(() => this.#evictions.evict(namespace, name, uid, seconds));
        if (evicted.result === 'refused') this.endings.forget(pod);
        // Its pod is on its way; that it does not tell why is no reason to fail.
        if (evicted.result === 'stopped') await sign().catch(() => {});
        return evicted;
      }
      await sign();
      const body = { gracePeriodSeconds: seconds, preconditions: { uid } };
      await this.#persist(() => this.#server.core.deleteNamespacedPod({ name, namespace, body }));
      return { result: 'stopped' };
    } catch (error) {
      // 409: the pod of this name is another one by now.
      if (error instanceof ApiError && (error.status === 404 || error.status === 409)) return { result: 'gone' };
      throw error;
    }
  }

  /** @throws RunnerError where nobody confirms the end in time: a node that is cut off may go on. */
  async #awaitEnd(run: Pick<RunRequest, 'id' | 'node'>, grace: number): Promise<void> {
    const late = AbortSignal.timeout(grace + CONFIRM);
    let over = false;
    await this.watch(run, ({ phase }) => void (over ||= ENDS.has(phase)), late);
    if (over || this.#closing.signal.aborted) return;
    throw new RunnerError(
      'not_confirmed',
      false,
      `pod \`${run.id}\` is being deleted, but its node does not say that it ended [kube-not-confirmed] help: look at node \`${nodeOf(run.node)}\``,
    );
  }

  async list(signal: AbortSignal): Promise<readonly Pod[]> {
    const found: KubePod[] = [];
    let next = '';
    do {
      const page = await this.#server.read<{ metadata?: { continue?: string }; items?: KubePod[] }>(
        `/api/v1/namespaces/${this.#namespace}/pods`,
        { labelSelector: `${MANAGED_BY}=${MANAGER}`, limit: String(PAGE), ...(next === '' ? {} : { continue: next }) },
        signal,
      );
      found.push(...(page.items ?? []));
      next = page.metadata?.continue ?? '';
    } while (next !== '' && found.length < MOST_LISTED);
    const ours = found.map((pod): Pod => {
      const { name = '', labels, annotations } = pod.metadata ?? {};
      return {
        id: name,
        job: labels?.[JOB_LABEL] ?? null,
        name: labels?.['app.kubernetes.io/name'] ?? name,
        node: `kubernetes/${pod.spec?.nodeName ?? annotations?.[NODE_ANNOTATION] ?? ''}`,
        status: this.#read(pod),
        foreign: false,
      };
    });
    const others = this.cluster.foreign().map(({ name, node, phase }): Pod => {
      const status: RunStatus = {
        phase: phase === 'Running' ? 'running' : 'pending',
        reason: null,
        exitCode: null,
        startedAt: null,
        endedAt: null,
      };
      return { id: name, job: null, name, node: `kubernetes/${node ?? ''}`, status, foreign: true };
    });
    return [...ours, ...others];
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.endings.close();
    this.cluster.close();
    await this.#server.close();
  }

  /** @throws RunnerError where the pod of this name is not this run's. */
  #claim(pod: KubePod, run: RunRequest): void {
    const { labels, annotations } = pod.metadata ?? {};
    if (labels?.[MANAGED_BY] !== MANAGER || labels[JOB_LABEL] !== run.job) throw foreign(run.id);
    if (annotations?.[DIGEST_ANNOTATION] === digestOf(run)) return;
    throw new RunnerError(
      'other_spec',
      true,
      `pod \`${run.id}\` of job \`${run.job}\` was made for another workload [kube-other-spec] help: a run keeps its workload; schedule the job anew`,
    );
  }

  async #get(name: string): Promise<KubePod | null> {
    try {
      return await this.#server.core.readNamespacedPod({ name, namespace: this.#namespace });
    } catch (error) {
      if (error instanceof ApiError && error.code === 'not_found') return null;
      throw error;
    }
  }

  /**
   * Where no watch tells of a pod, it is asked for: only that it is not there for the server itself is an end. One that was there a moment ago has
   * `missing` to be told of by a watch, which knows how it ended.
   */
  async #lookFor(id: string, seen: Seen, tell: (status: RunStatus) => void, signal: AbortSignal): Promise<Seen> {
    try {
      const pod = this.endings.find(id) === null ? await this.#get(id) : null;
      if (signal.aborted) return seen;
      if (pod !== null) {
        tell(this.#read(pod));
        return { pod, missing: null };
      }
      const end = this.endings.find(id);
      const missing = seen.missing ?? performance.now();
      if (end !== null || seen.pod === null) tell(end ?? LOST);
      else if (performance.now() - missing >= MISSING) tell(this.endings.note(seen.pod));
      return { ...seen, missing };
    } catch (error) {
      if (!(error instanceof RunnerError) || error.fatal) throw error;
      return seen;
    }
  }

  /** Where a pod stands, with what its node tells. */
  #read(pod: KubePod): RunStatus {
    const status = this.endings.read(pod);
    const node = pod.spec?.nodeName;
    if (node === undefined || ENDS.has(status.phase)) return status;
    const ready = this.cluster.node(node)?.ready;
    if (ready === false && status.reason === null) return { ...status, reason: `node lost: \`${node}\` is not ready` };
    // Kubelets before 1.27 leave a pod as it was that they were told to delete before it began.
    const due = toMillis(pod.metadata?.deletionTimestamp);
    if (status.phase === 'pending' && ready === true && due !== null && Date.now() - due > LEFT) return this.endings.note(pod);
    return status;
  }

  /** For who reads a log: waits until there may be one. */
  async #settle(run: Pick<RunRequest, 'id' | 'node'>, signal: AbortSignal): Promise<'running' | 'ended'> {
    const settled = new AbortController();
    let state: 'running' | 'ended' = 'ended';
    const hear = ({ phase }: RunStatus): void => {
      if (phase === 'pending') return;
      state = phase === 'running' ? 'running' : 'ended';
      settled.abort();
    };
    await this.watch(run, hear, AbortSignal.any([signal, settled.signal]));
    return state;
  }

  /** Makes a call that may be made twice until it gets an answer, or four attempts failed. */
  async #persist<T>(call: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        const again = error instanceof ApiError && ['network', 'unavailable', 'too_many_requests'].includes(error.code);
        if (!again || attempt === ATTEMPTS || this.#closing.signal.aborted) throw error;
        const wait = Math.min(error.retryAfter ?? BACKOFF * 2 ** attempt * (0.5 + Math.random()), 5_000);
        await sleep(wait, null, { signal: this.#closing.signal }).catch(() => {});
      }
    }
  }
}

function checkId(id: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(id)) return id;
  throw new RunnerError('bad_id', true, `\`${id}\` is no id of a run [bad-id] help: lower case letters, digits and \`-\`, at most 63`);
}

const nodeOf = (name: string): string => name.replace(/^kubernetes\//, '');
/** Pending for longer than a start takes. */
const isStuck = (pod: KubePod): boolean =>
  readStatus(pod).phase === 'pending' && Date.now() - (toMillis(pod.metadata?.creationTimestamp) ?? 0) > STUCK;
const isQuiet = (reason: string | null): boolean => reason === null || reason === 'ContainerCreating' || reason === 'PodInitializing';

const foreign = (id: string): RunnerError =>
  new RunnerError(
    'foreign',
    true,
    `pod \`${id}\` is there already, and it is not of this job [kube-foreign] help: give policyd a namespace of its own`,
  );
