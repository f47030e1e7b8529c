import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkPod } from './check-pod.ts';
import { Kubelet } from './kubelet.ts';
import {
  alreadyExists,
  budget,
  expired,
  expiredContinue,
  forbidden,
  notFound,
  Refusal,
  twoBudgets,
  uidConflict,
  unauthorized,
} from './kube-status.ts';
import { type Change, type Kind, type KubeObject, KubeStore } from './kube-store.ts';
import { selects } from './selectors.ts';

export interface Rule {
  readonly verbs: readonly string[];
  readonly resources: readonly string[];
  /** null = at the cluster scope, so everywhere. */
  readonly namespace: string | null;
}

interface User {
  readonly name: string;
  /** null = everything. */
  readonly rules: readonly Rule[] | null;
}

/** What happens to a request in place of its answer. `lost`: it is done, and its answer never comes. `cut`: half of the answer, then the end. */
export type Fault =
  | 'drop'
  | 'lost'
  | 'stall'
  | 'cut'
  | { readonly status: number; readonly body: string; readonly headers?: Record<string, string> };

export interface Asked {
  readonly method: string;
  readonly verb: string;
  /** `pods`, `pods/log`, … */
  readonly resource: string;
  readonly namespace: string | null;
  readonly name: string | null;
  readonly query: URLSearchParams;
  readonly body: KubeObject;
  readonly token: string | null;
}

const KINDS: Readonly<Record<string, Kind>> = {
  pods: 'pods',
  nodes: 'nodes',
  events: 'events',
  namespaces: 'namespaces',
  poddisruptionbudgets: 'poddisruptionbudgets',
};
const LIST_KINDS: Readonly<Record<Kind, string>> = {
  pods: 'PodList',
  nodes: 'NodeList',
  events: 'EventList',
  namespaces: 'NamespaceList',
  poddisruptionbudgets: 'PodDisruptionBudgetList',
};

/** An API server at HTTP level, with the objects, versions, watches, refusals and delays of the real one, and faults on demand. */
export class KubeServer {
  readonly store = new KubeStore();
  readonly kubelet = new Kubelet(this.store);
  /** Everything that was asked, in order. */
  readonly asked: Asked[] = [];
  readonly users = new Map<string, User>([['admin-token', { name: 'admin', rules: null }]]);
  /** Versions of the policy group that are served. */
  policyVersions = ['policy/v1'];
  bookmarkEvery = 60_000;
  /** Bytes that are written of a log at a time, with a pause of so many ms between; null = as they come. */
  logPace: { readonly bytes: number; readonly pause: number } | null = null;
  /** Bytes of logs that were handed to the sockets. */
  logBytes = 0;
  readonly #faults: { readonly match: (asked: Asked) => boolean; readonly fault: Fault; left: number }[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<{ readonly response: ServerResponse; stalled: boolean }>();
  readonly #logs = new Set<ServerResponse>();
  #server: Server | null = null;
  #port = 0;
  #tls: { readonly key: string; readonly cert: string; readonly ca?: string } | null = null;

  static async start(tls: { key: string; cert: string; ca?: string } | null = null): Promise<KubeServer> {
    const server = new KubeServer();
    server.#tls = tls;
    server.store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'policyd' } });
    await server.listen();
    return server;
  }

  get url(): string {
    return `${this.#tls === null ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
  }

  /** Open watches. */
  get watching(): number {
    return this.#watches.size;
  }

  /** A kubeconfig of this server. */
  kubeconfig(token = 'admin-token', context = 'test'): string {
    const ca = this.#tls?.ca;
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': context,
      contexts: [{ name: context, context: { cluster: 'test', user: 'test' } }],
      clusters: [
        {
          name: 'test',
          cluster: {
            server: this.url,
            ...(ca === undefined
              ? { 'insecure-skip-tls-verify': true }
              : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
          },
        },
      ],
      users: [{ name: 'test', user: { token } }],
    });
  }

  addNode(
    name: string,
    more: { cpu?: string; memory?: string; labels?: Record<string, string>; allocatable?: Record<string, string>; spec?: object } = {},
  ): void {
    this.store.create('nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name, ...more.labels } },
      spec: more.spec ?? {},
      status: {
        allocatable: { cpu: more.cpu ?? '4', memory: more.memory ?? '8Gi', pods: '110', ...more.allocatable },
        conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
      },
    });
  }

  setReady(name: string, ready: boolean): void {
    const node = this.store.get('nodes', null, name);
    this.store.update('nodes', node, (copy) => {
      copy.status.conditions = [
        { type: 'Ready', status: ready ? 'True' : 'Unknown', reason: ready ? 'KubeletReady' : 'NodeStatusUnknown' },
      ];
    });
  }

  /** The next `times` requests that match fare as `fault` says. */
  fail(match: (asked: Asked) => boolean, fault: Fault, times = 1): void {
    this.#faults.push({ match, fault, left: times });
  }

  /** Nothing fails any more. */
  liftFaults(): void {
    this.#faults.length = 0;
  }

  /** What happens to the open watches: their connections break, they fall silent, half an event comes, or they end in peace. */
  breakWatches(how: 'cut' | 'stall' | 'half' | 'end'): void {
    for (const watch of [...this.#watches]) {
      if (how === 'stall') watch.stalled = true;
      else if (how === 'cut') watch.response.destroy();
      else if (how === 'end') watch.response.end();
      else {
        watch.response.write('{"type":"MODIFIED","object":{"kind":"Pod","metadata":{"na');
        watch.response.destroy();
      }
    }
  }

  /** Breaks the connections over which logs are followed. */
  breakLogs(how: 'cut' | 'end'): void {
    for (const response of [...this.#logs]) {
      if (how === 'cut') response.destroy();
      else response.end();
    }
  }

  async listen(): Promise<void> {
    const listener: RequestListener = (request, response) => void this.#handle(request, response);
    this.#server = this.#tls === null ? createServer(listener) : createSecureServer({ key: this.#tls.key, cert: this.#tls.cert }, listener);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => this.#server!.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** The server goes away, its objects and pods stay; `listen` brings it back. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async close(): Promise<void> {
    this.kubelet.close();
    await this.stop();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const asked = readAsked(request, Buffer.concat(chunks).toString());
    this.asked.push(asked);
    const fault = this.#faults.find((candidate) => candidate.left > 0 && candidate.match(asked));
    if (fault !== undefined) {
      fault.left -= 1;
      if (fault.fault === 'drop') return void response.destroy();
      if (fault.fault === 'stall') return;
      if (typeof fault.fault === 'object') {
        response
          .writeHead(fault.fault.status, { 'content-type': 'text/plain; charset=utf-8', ...fault.fault.headers })
          .end(fault.fault.body);
        return;
      }
    }
    try {
      const { status, body } = await this.#answer(asked, response);
      if (body === null) return;
      const text = JSON.stringify(body);
      if (fault?.fault === 'lost') return void response.destroy();
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
      if (fault?.fault === 'cut') {
        response.write(text.slice(0, text.length / 2));
        await sleep(5);
        return void response.destroy();
      }
      response.end(text);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (response.headersSent) return void response.end();
      if (fault?.fault === 'lost') return void response.destroy();
      response.writeHead(error.body.code, { 'content-type': 'application/json', ...error.headers }).end(JSON.stringify(error.body));
    }
  }

  /** `body` null: it was written already. */
  async #answer(asked: Asked, response: ServerResponse): Promise<{ status: number; body: unknown }> {
    const { resource, namespace, name, query } = asked;
    const user = asked.token === null ? undefined : this.users.get(asked.token);
    if (user === undefined) throw unauthorized();
    if (resource === '/apis/policy') {
      const versions = this.policyVersions.map((groupVersion) => ({ groupVersion, version: groupVersion.split('/')[1] }));
      return { status: 200, body: { kind: 'APIGroup', apiVersion: 'v1', name: 'policy', versions, preferredVersion: versions[0] } };
    }
    const allowed = user.rules?.some(
      (rule) =>
        rule.verbs.includes(asked.verb) && rule.resources.includes(resource) && (rule.namespace === null || rule.namespace === namespace),
    );
    if (allowed === false) throw forbidden(user.name, asked.verb, resource, name, namespace);
    const [plural, sub] = resource.split('/');
    const kind = KINDS[plural];
    if (kind === undefined) throw new Refusal(404, 'NotFound', 'the server could not find the requested resource', {});
    if (name === null) {
      if (asked.verb === 'watch') return this.#watch(kind, asked, response);
      if (asked.verb === 'list') return { status: 200, body: this.#list(kind, namespace, query) };
      if (asked.verb === 'create') return { status: 201, body: this.#create(kind, asked) };
      throw new Refusal(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
    }
    const object = this.store.get(kind, namespace, name);
    if (object === null) throw notFound(plural, name);
    if (sub === 'log') return this.#log(object, query, response);
    if (sub === 'eviction') return { status: 201, body: this.#evict(object, asked.body) };
    if (asked.verb === 'patch') return { status: 200, body: this.#patch(kind, object, asked.body) };
    if (asked.verb === 'delete') {
      this.#precondition(object, asked.body?.preconditions?.uid);
      this.kubelet.delete(object, asked.body?.gracePeriodSeconds ?? object.spec?.terminationGracePeriodSeconds ?? 30);
      return { status: 200, body: this.store.get(kind, namespace, name) ?? object };
    }
    return { status: 200, body: object };
  }

  #list(kind: Kind, namespace: string | null, query: URLSearchParams): unknown {
    const limit = Number(query.get('limit') ?? 0);
    const [version, after] = query.get('continue') === null ? [this.store.version, ''] : decode(query.get('continue')!);
    if (version < this.store.compacted) throw expiredContinue();
    const found = this.store
      .list(kind, namespace)
      .filter((object) => selects(object, query.get('labelSelector'), query.get('fieldSelector')) && keyOf(object) > after);
    const items = limit > 0 ? found.slice(0, limit) : found;
    const more = items.length < found.length;
    return {
      kind: LIST_KINDS[kind],
      apiVersion: 'v1',
      metadata: {
        resourceVersion: String(version),
        ...(more ? { continue: encode(version, keyOf(items.at(-1)!)), remainingItemCount: found.length - items.length } : {}),
      },
      items,
    };
  }

  #create(kind: Kind, { namespace, body }: Asked): KubeObject {
    if (namespace !== null && this.store.get('namespaces', null, namespace) === null) throw notFound('namespaces', namespace);
    const refusal = checkPod(body);
    if (refusal !== null) throw refusal;
    const { name } = body.metadata;
    if (this.store.get(kind, namespace, name) !== null) throw alreadyExists(kind, name);
    return this.store.create(kind, {
      ...body,
      metadata: { ...body.metadata, namespace },
      status: { phase: 'Pending', qosClass: 'Guaranteed' },
    });
  }

  #precondition(object: KubeObject, uid: string | undefined): void {
    if (uid !== undefined && uid !== object.metadata.uid) throw uidConflict('pods', object.metadata.name, uid, object.metadata.uid);
  }

  #patch(kind: Kind, object: KubeObject, patch: KubeObject): KubeObject {
    this.#precondition(object, patch.metadata?.uid);
    const patched = this.store.update(kind, object, (copy) => merge(copy, patch));
    const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = patched.metadata;
    if (deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0 && !finalizers?.length) this.store.remove(kind, patched);
    return patched;
  }

  #evict(pod: KubeObject, eviction: KubeObject): unknown {
    if (!this.policyVersions.includes(eviction.apiVersion)) {
      throw new Refusal(
        400,
        'BadRequest',
        `no kind "Eviction" is registered for version "${eviction.apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`,
      );
    }
    this.#precondition(pod, eviction.deleteOptions?.preconditions?.uid);
    const selected = (labels: Record<string, string>, of: KubeObject): boolean =>
      Object.entries(labels).every(([key, value]) => of.metadata.labels?.[key] === value);
    const budgets = this.store
      .list('poddisruptionbudgets', pod.metadata.namespace)
      .filter(({ spec }: KubeObject) => selected(spec.selector.matchLabels, pod));
    if (budgets.length > 1) throw twoBudgets();
    const [one] = budgets;
    if (one !== undefined && pod.status.phase === 'Running') {
      const healthy = this.store
        .list('pods', pod.metadata.namespace)
        .filter((other) => selected(one.spec.selector.matchLabels, other) && other.status.phase === 'Running').length;
      if (healthy - 1 < one.spec.minAvailable) throw budget(one.metadata.name, one.spec.minAvailable, healthy);
    }
    const message = 'Eviction API: evicting';
    this.store.update('pods', pod, (copy) => {
      copy.status.conditions = [
        ...(copy.status.conditions ?? []),
        { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message },
      ];
    });
    this.kubelet.delete(
      this.store.get('pods', pod.metadata.namespace, pod.metadata.name),
      eviction.deleteOptions?.gracePeriodSeconds ?? 30,
    );
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  }

  async #watch(kind: Kind, { namespace, query }: Asked, response: ServerResponse): Promise<{ status: number; body: null }> {
    const from = Number(query.get('resourceVersion') ?? 0);
    if (from < this.store.compacted) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(`${JSON.stringify({ type: 'ERROR', object: expired(from, this.store.compacted).body })}\n`);
      return { status: 200, body: null };
    }
    const watch = { response, stalled: false };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const send = (event: unknown): void => {
      if (!watch.stalled && !response.destroyed) response.write(`${JSON.stringify(event)}\n`);
    };
    const hear = (change: Change): void => {
      if (change.kind !== kind || (namespace !== null && change.object.metadata.namespace !== namespace)) return;
      const chosen = (object: KubeObject): boolean => selects(object, query.get('labelSelector'), query.get('fieldSelector'));
      const was = change.before !== null && chosen(change.before);
      const is = change.type !== 'DELETED' && chosen(change.object);
      if (!was && !is) return;
      send({ type: was ? (is ? 'MODIFIED' : 'DELETED') : 'ADDED', object: change.object });
    };
    for (const change of this.store.changes) if (change.version > from) hear(change);
    this.store.onChange.add(hear);
    this.#watches.add(watch);
    const bookmark = setInterval(() => {
      if (query.get('allowWatchBookmarks') !== 'true') return;
      send({
        type: 'BOOKMARK',
        object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: String(this.store.version), creationTimestamp: null } },
      });
    }, this.bookmarkEvery);
    const timeout = setTimeout(() => response.end(), Number(query.get('timeoutSeconds') ?? 1_800) * 1_000);
    response.once('close', () => {
      clearInterval(bookmark);
      clearTimeout(timeout);
      this.store.onChange.delete(hear);
      this.#watches.delete(watch);
    });
    return { status: 200, body: null };
  }

  async #log(pod: KubeObject, query: URLSearchParams, response: ServerResponse): Promise<{ status: number; body: null }> {
    const log = this.kubelet.logs.get(pod.metadata.uid);
    if (log === undefined) {
      const why = pod.status.containerStatuses?.[0]?.state?.waiting?.reason ?? 'ContainerCreating';
      throw new Refusal(400, 'BadRequest', `container "main" in pod "${pod.metadata.name}" is waiting to start: ${why}`);
    }
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    this.#logs.add(response);
    const gone = new AbortController();
    response.once('close', () => {
      this.#logs.delete(response);
      gone.abort();
    });
    const options = {
      follow: query.get('follow') === 'true',
      timestamps: query.get('timestamps') === 'true',
      since: query.get('sinceTime'),
    };
    for await (const bytes of log.read(options, gone.signal)) {
      const step = this.logPace?.bytes ?? bytes.length;
      for (let at = 0; at < bytes.length && !response.destroyed && !response.writableEnded; at += step) {
        const piece = bytes.subarray(at, at + step);
        this.logBytes += piece.length;
        if (!response.write(piece)) await drained(response);
        if (this.logPace !== null) await sleep(this.logPace.pause);
      }
      if (response.destroyed || response.writableEnded) break;
    }
    response.end();
    return { status: 200, body: null };
  }
}

function readAsked(request: IncomingMessage, text: string): Asked {
  const url = new URL(request.url!, 'http://localhost');
  const [, namespaceOf, plural, name, sub] =
    /^\/(?:api\/v1|apis\/policy\/v1(?:beta1)?)(?:\/namespaces\/([^/]+))?(?:\/([^/]+))(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(url.pathname) ??
    [];
  const method = request.method!;
  const watch = url.searchParams.get('watch') === 'true';
  const verb =
    method === 'GET' ? (name !== undefined ? 'get' : watch ? 'watch' : 'list') : method === 'POST' ? 'create' : method.toLowerCase();
  return {
    method,
    verb,
    resource: plural === undefined ? url.pathname : sub === undefined ? plural : `${plural}/${sub}`,
    namespace: namespaceOf ?? null,
    name: name ?? null,
    query: url.searchParams,
    body: text === '' ? null : JSON.parse(text),
    token: /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? null,
  };
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;
const encode = (version: number, after: string): string => Buffer.from(JSON.stringify([version, after])).toString('base64url');
const decode = (token: string): [number, string] => JSON.parse(Buffer.from(token, 'base64url').toString());

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

/** RFC 7386. */
function merge(target: KubeObject, patch: KubeObject): void {
  for (const [key, value] of Object.entries<KubeObject>(patch)) {
    if (value === null) delete target[key];
    else if (typeof value !== 'object' || Array.isArray(value)) target[key] = value;
    else {
      target[key] ??= {};
      merge(target[key], value);
    }
  }
}
