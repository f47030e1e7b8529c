import { randomUUID } from 'node:crypto';

// biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes are what their writers make of them.
export type KubeObject = any;
export type Kind = 'pods' | 'nodes' | 'events' | 'poddisruptionbudgets' | 'namespaces';

export interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly kind: Kind;
  readonly object: KubeObject;
  /** The object before; null = there was none. */
  readonly before: KubeObject | null;
}

/** What etcd is to an API server: objects, one version counter for all of them, and the changes since it was last compacted. */
export class KubeStore {
  version = 1_000;
  /** Changes up to this version are forgotten. */
  compacted = 0;
  readonly changes: Change[] = [];
  readonly onChange = new Set<(change: Change) => void>();
  readonly #objects = new Map<string, KubeObject>();

  get(kind: Kind, namespace: string | null, name: string): KubeObject | null {
    return this.#objects.get(keyOf(kind, namespace, name)) ?? null;
  }

  list(kind: Kind, namespace: string | null): KubeObject[] {
    const start = `${kind}/${namespace === null ? '' : `${namespace}/`}`;
    const found = [...this.#objects].filter(([key]) => key.startsWith(start)).sort(([a], [b]) => (a < b ? -1 : 1));
    return found.map(([, object]) => object);
  }

  create(kind: Kind, object: KubeObject): KubeObject {
    const made = structuredClone(object);
    made.metadata = { ...made.metadata, uid: randomUUID(), creationTimestamp: now() };
    return this.#write('ADDED', kind, made, null);
  }

  /** Changes a copy of an object that is there. */
  update(kind: Kind, object: KubeObject, change: (copy: KubeObject) => void): KubeObject {
    const before = this.get(kind, object.metadata.namespace ?? null, object.metadata.name);
    if (before === null || before.metadata.uid !== object.metadata.uid) return null;
    const copy = structuredClone(before);
    change(copy);
    return this.#write('MODIFIED', kind, copy, before);
  }

  remove(kind: Kind, object: KubeObject): void {
    const { namespace = null, name, uid } = object.metadata;
    const before = this.get(kind, namespace, name);
    if (before === null || before.metadata.uid !== uid) return;
    this.#write('DELETED', kind, structuredClone(before), before);
    this.#objects.delete(keyOf(kind, namespace, name));
  }

  /** Forgets all changes so far: who watches from before must list again. */
  compact(): void {
    this.version += 1;
    this.compacted = this.version;
    this.changes.length = 0;
  }

  #write(type: Change['type'], kind: Kind, object: KubeObject, before: KubeObject | null): KubeObject {
    this.version += 1;
    object.metadata.resourceVersion = String(this.version);
    this.#objects.set(keyOf(kind, object.metadata.namespace ?? null, object.metadata.name), object);
    const change: Change = { version: this.version, type, kind, object, before };
    this.changes.push(change);
    for (const hear of this.onChange) hear(change);
    return object;
  }
}

/** Times of Kubernetes have whole seconds. */
export const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

const keyOf = (kind: Kind, namespace: string | null, name: string): string =>
  namespace === null ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
