import { type ChildProcess, spawn } from 'node:child_process';
import { readQuantity } from '../../runtime/orchestrator/kubernetes/quantity.ts';
import { ContainerLog } from './container-log.ts';
import { type KubeObject, type KubeStore, now } from './kube-store.ts';

/**
 * The scheduler and the kubelets of a cluster, in one: pods are bound to nodes that have room, their commands run as processes of this machine,
 * what they write becomes a log. Images say what goes wrong: `missing/…` is not to be pulled, `stuck/…` waits for a volume, `oom/…` is killed.
 */
export class Kubelet {
  readonly logs = new Map<string, ContainerLog>();
  /** Process starts by pod name: a pod's command runs once. */
  readonly started: string[] = [];
  /** Ms between a pod's binding and its start. */
  startTime = 5;
  /** Nodes whose kubelet does not act. */
  readonly dead = new Set<string>();
  runtime: 'containerd' | 'conmon' = 'containerd';
  /** Acts as before 1.27. */
  old = false;
  readonly #store: KubeStore;
  readonly #children = new Map<string, ChildProcess>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(store: KubeStore) {
    this.#store = store;
    store.onChange.add(({ kind, type, object }) => {
      if (this.#closed) return;
      if (kind === 'nodes' || (kind === 'pods' && type !== 'MODIFIED')) this.#later(0, () => this.#schedule());
      if (kind === 'pods' && type === 'DELETED') this.#children.get(object.metadata.uid)?.kill('SIGKILL');
    });
  }

  /** What `DELETE` and evictions do once they are allowed: at once where no kubelet has the pod, else after its end or the grace. */
  delete(pod: KubeObject, seconds: number): void {
    const { uid } = pod.metadata;
    if (seconds === 0 || pod.spec.nodeName === undefined || isEnd(pod)) {
      this.finalize(pod);
      return;
    }
    if (pod.metadata.deletionTimestamp !== undefined) return;
    this.#store.update('pods', pod, (copy) => {
      copy.metadata.deletionTimestamp = `${new Date(Date.now() + seconds * 1_000).toISOString().slice(0, 19)}Z`;
      copy.metadata.deletionGracePeriodSeconds = seconds;
    });
    if (this.dead.has(pod.spec.nodeName)) return;
    const child = this.#children.get(uid);
    if (child !== undefined) {
      child.kill('SIGTERM');
      this.#later(seconds * 1_000, () => child.kill('SIGKILL'));
      return;
    }
    this.#later(5, () => {
      // As kubelets do since 1.27; those before leave the phase as it is.
      if (!this.old)
        this.#set(pod, { phase: 'Failed' }, { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', finishedAt: now() } });
      this.finalize(pod);
    });
  }

  /** The last word of a deletion: the object goes, once nobody's finalizer keeps it. */
  finalize(pod: KubeObject): void {
    const { namespace, name, uid } = pod.metadata;
    const current = this.#store.get('pods', namespace, name);
    if (current?.metadata.uid !== uid) return;
    if (!current.metadata.finalizers?.length) this.#store.remove('pods', pod);
    else if (current.metadata.deletionGracePeriodSeconds !== 0) {
      this.#store.update('pods', pod, (copy) => {
        copy.metadata.deletionTimestamp ??= now();
        copy.metadata.deletionGracePeriodSeconds = 0;
      });
    }
    // A kubelet ends what is deleted, finalizers or not.
    if (!isEnd(current)) this.#children.get(uid)?.kill('SIGKILL');
  }

  /** A node's own eviction: the pod stays, failed. */
  pressure(namespace: string, name: string): void {
    const pod = this.#store.get('pods', namespace, name);
    this.#store.update('pods', pod, (copy) => {
      copy.status = { ...copy.status, phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory. ' };
    });
    this.#children.get(pod.metadata.uid)?.kill('SIGKILL');
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const child of this.#children.values()) killAll(child);
  }

  #schedule(): void {
    for (const pod of this.#store.list('pods', null)) {
      if (pod.spec.nodeName !== undefined || isEnd(pod) || pod.metadata.deletionTimestamp !== undefined) continue;
      const reasons = new Map<string, number>();
      const nodes = this.#store.list('nodes', null);
      const node = nodes.find((candidate) => {
        const why = this.#refuse(pod, candidate);
        if (why !== null) reasons.set(why, (reasons.get(why) ?? 0) + 1);
        return why === null;
      });
      if (node !== undefined) this.#bind(pod, node.metadata.name);
      else this.#hold(pod, `0/${nodes.length} nodes are available: ${[...reasons].map(([why, count]) => `${count} ${why}`).join(', ')}.`);
    }
  }

  #refuse(pod: KubeObject, node: KubeObject): string | null {
    const wanted =
      pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms?.[0]?.matchFields?.[0];
    if (wanted !== undefined && !wanted.values.includes(node.metadata.name)) return "node(s) didn't match Pod's node affinity/selector";
    if (node.spec?.unschedulable) return 'node(s) were unschedulable';
    const taint = node.spec?.taints?.find(({ effect }: KubeObject) => effect !== 'PreferNoSchedule');
    if (taint !== undefined) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
    const there = this.#store.list('pods', null).filter((other) => other.spec.nodeName === node.metadata.name && !isEnd(other));
    for (const [name, amount] of Object.entries<string>(pod.spec.containers[0].resources?.requests ?? {})) {
      const used = there.reduce((sum, other) => sum + readQuantity(other.spec.containers[0].resources?.requests?.[name]), 0);
      if (used + readQuantity(amount) > readQuantity(node.status.allocatable?.[name]) + 1e-9) return `Insufficient ${name}`;
    }
    return null;
  }

  #hold(pod: KubeObject, message: string): void {
    if (pod.status.conditions?.[0]?.message === message) return;
    this.#store.update('pods', pod, (copy) => {
      copy.status.conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime: now() }];
    });
  }

  #bind(pod: KubeObject, node: string): void {
    this.#store.update('pods', pod, (copy) => {
      copy.spec.nodeName = node;
      copy.status.conditions = [{ type: 'PodScheduled', status: 'True', lastTransitionTime: now() }];
    });
    if (this.dead.has(node)) return;
    this.#set(pod, { phase: 'Pending', startTime: now() }, { waiting: { reason: 'ContainerCreating' } });
    this.#later(this.startTime, () => this.#start(pod));
  }

  #start(pod: KubeObject): void {
    const current = this.#store.get('pods', pod.metadata.namespace, pod.metadata.name);
    if (current?.metadata.uid !== pod.metadata.uid || current.metadata.deletionTimestamp !== undefined) return;
    const [container] = pod.spec.containers;
    const { image } = container;
    if (image.startsWith('missing/')) {
      this.#set(pod, {}, { waiting: { reason: 'ErrImagePull', message: `failed to pull and unpack image "${image}": not found` } });
      this.#later(10, () => this.#set(pod, {}, { waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` } }));
      return;
    }
    if (image.startsWith('stuck/')) {
      this.#warn(pod, 'FailedMount', 'MountVolume.SetUp failed for volume "models" : configmap "models" not found');
      return;
    }
    const user = container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser;
    if (image.startsWith('root/') && user === undefined) {
      this.#set(
        pod,
        {},
        {
          waiting: { reason: 'CreateContainerConfigError', message: 'container has runAsNonRoot and image will run as root' },
        },
      );
      return;
    }
    this.#run(pod, container, image.startsWith('oom/'));
  }

  #run(pod: KubeObject, container: KubeObject, oom: boolean): void {
    const { uid, name } = pod.metadata;
    const log = new ContainerLog(this.runtime);
    this.logs.set(uid, log);
    this.started.push(name);
    const env = Object.fromEntries((container.env ?? []).map((item: KubeObject) => [item.name, item.value.replaceAll('$$(', '$(')]));
    const [program, ...args] = [...(container.command ?? ['true']), ...(container.args ?? [])];
    const child = spawn(program, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.#children.set(uid, child);
    const startedAt = now();
    let deadline = false;
    child.stdout.on('data', (chunk: Buffer) => log.write(chunk));
    child.stderr.on('data', (chunk: Buffer) => log.write(chunk));
    this.#set(pod, { phase: 'Running' }, { running: { startedAt } });
    const { activeDeadlineSeconds } = pod.spec;
    if (activeDeadlineSeconds !== undefined) {
      this.#later(activeDeadlineSeconds * 1_000, () => {
        deadline = true;
        child.kill('SIGKILL');
      });
    }
    if (oom) this.#later(20, () => child.kill('SIGKILL'));
    const end = (code: number | null, signal: NodeJS.Signals | null, reason: string | null): void => {
      if (!this.#children.delete(uid)) return;
      log.end();
      if (this.#closed) return;
      const exitCode = code ?? (signal === 'SIGTERM' ? 143 : 137);
      const why = reason ?? (oom ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error');
      const current = this.#store.get('pods', pod.metadata.namespace, name);
      if (current?.metadata.uid !== uid) return;
      if (current.status.reason !== 'Evicted') {
        const phase = exitCode === 0 && !deadline ? 'Succeeded' : 'Failed';
        const told = deadline
          ? { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' }
          : {};
        this.#set(pod, { phase, ...told }, { terminated: { exitCode, reason: why, startedAt, finishedAt: now() } });
      }
      if (current.metadata.deletionTimestamp !== undefined) this.finalize(pod);
      this.#later(0, () => this.#schedule());
    };
    child.once('error', (error) => {
      log.write(Buffer.from(`${error.message}\n`));
      end(128, null, 'StartError');
    });
    // With its first process a container ends, whoever else is in it.
    child.once('exit', () => killAll(child));
    child.once('close', (code, signal) => end(code, signal, null));
  }

  #warn(pod: KubeObject, reason: string, message: string): void {
    const { namespace, name, uid } = pod.metadata;
    this.#store.create('events', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${Date.now().toString(16)}`, namespace },
      involvedObject: { kind: 'Pod', name, namespace, uid },
      type: 'Warning',
      reason,
      message,
      lastTimestamp: now(),
    });
  }

  #set(pod: KubeObject, status: object, state: object): void {
    this.#store.update('pods', pod, (copy) => {
      copy.status = { ...copy.status, ...status, containerStatuses: [{ name: 'main', restartCount: 0, state }] };
    });
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#closed) act();
    }, ms);
    this.#timers.add(timer);
  }
}

const isEnd = (pod: KubeObject): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

function killAll({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}
