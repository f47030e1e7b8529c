import type { RunStatus } from '../runner.ts';
import type { ApiServer } from './api-server.ts';
import type { Mirror } from './mirror.ts';
import type { KubePod } from './objects.ts';
import { ENDS, isDeleted, readEnd, readStatus, readStop, type Stop } from './read-status.ts';
import { FINALIZER } from './write-pod.ts';

/** Runs whose end is remembered after their pods are gone, and stops that were asked for. */
const MOST = 4_096;
/** Ms that the pod of an ended run stays, from when this process first saw its end: who was away has as long to find it. */
const KEPT_TIME = 3_600_000;
/** The same for one that somebody wants gone: whoever drains its node waits for it. */
const KEPT_DELETED = 60_000;
/** Pods of ended runs that stay at most. */
const KEPT = 1_000;
const SWEEP = 5_000;

/** How runs ended, also after their pods are gone; and when those pods are let go of. */
export class Endings {
  readonly #server: ApiServer;
  readonly #runs: Mirror<KubePod>;
  readonly #path: string;
  readonly #ends = new Map<string, RunStatus>();
  /** By uid. */
  readonly #stops = new Map<string, Stop>();
  readonly #seen = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(server: ApiServer, runs: Mirror<KubePod>, namespace: string) {
    this.#server = server;
    this.#runs = runs;
    this.#path = `/api/v1/namespaces/${namespace}/pods`;
    runs.onChange.add(({ item, gone }) => {
      if (!gone) return;
      this.note(item);
      this.#seen.delete(item.metadata?.uid ?? '');
    });
    this.#timer = setInterval(() => void this.sweep(Date.now()), SWEEP);
    this.#timer.unref();
  }

  find(id: string): RunStatus | null {
    return this.#ends.get(id) ?? null;
  }

  /** Where a pod stands, by what it tells and what was asked here. */
  read(pod: KubePod): RunStatus {
    return readStatus(pod, this.#stopOf(pod));
  }

  /** What became of a run whose pod is gone, by the last that was seen of it: from now on and for ever. */
  note(pod: KubePod): RunStatus {
    const { name = '' } = pod.metadata ?? {};
    const end = this.#ends.get(name) ?? readEnd(pod, this.#stopOf(pod));
    keep(this.#ends, name, end);
    return end;
  }

  /** A stop is asked for: its pod's end is ours, and has a reason. */
  expect(pod: KubePod, stop: Stop): void {
    keep(this.#stops, pod.metadata?.uid ?? '', stop);
  }

  /** It was not: the place refused. */
  forget(pod: KubePod): void {
    this.#stops.delete(pod.metadata?.uid ?? '');
  }

  /** Lets go of the pods of runs that ended long ago, oldest first. */
  async sweep(now: number): Promise<void> {
    const ended: { readonly pod: KubePod; readonly since: number }[] = [];
    for (const pod of this.#runs.items.values()) {
      const uid = pod.metadata?.uid;
      if (uid === undefined || !ENDS.has(this.read(pod).phase)) continue;
      if (!this.#seen.has(uid)) this.#seen.set(uid, now);
      ended.push({ pod, since: this.#seen.get(uid)! });
    }
    ended.sort((a, b) => a.since - b.since);
    const old = ended.filter(
      ({ pod, since }, index) => now - since >= (isDeleted(pod) ? KEPT_DELETED : KEPT_TIME) || index < ended.length - KEPT,
    );
    // Another process of ours may have been faster, and what fails now is done at the next look.
    for (const { pod } of old) await this.#release(pod).catch(() => {});
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #release({ metadata }: KubePod): Promise<void> {
    const { name = '', namespace = '', uid, finalizers = [] } = metadata ?? {};
    const left = finalizers.filter((finalizer) => finalizer !== FINALIZER);
    if (left.length < finalizers.length) await this.#server.patch(`${this.#path}/${name}`, { metadata: { uid, finalizers: left } });
    const body = { preconditions: { uid: uid! }, gracePeriodSeconds: 0 };
    await this.#server.core.deleteNamespacedPod({ name, namespace, body });
  }

  #stopOf(pod: KubePod): Stop | null {
    return readStop(pod) ?? this.#stops.get(pod.metadata?.uid ?? '') ?? null;
  }
}

function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.set(key, value);
  if (map.size > MOST) map.delete(map.keys().next().value!);
}
