import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from './api-error.ts';
import type { ApiServer } from './api-server.ts';
import { readLines } from './read-lines.ts';
import type { KubeStatus, Meta } from './objects.ts';

/** Objects that a page of a list has: about a megabyte, so that parsing it holds nobody up. */
const PAGE = 100;
/** Ms after which a watch is opened anew; the server is told. Servers end them between 5 and 10 minutes. */
const WATCH_TIME = 300_000;
/** Ms without a byte after which a watch counts as broken: servers send a bookmark every minute. */
const SILENCE = 90_000;
const BACKOFF = { first: 200, most: 30_000 } as const;

export interface MirrorOptions<T> {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** What is kept of an object. */
  keep(object: never): T;
  /** Most objects that are kept: what is beyond is not seen. */
  readonly most: number;
  readonly silence?: number;
}

interface WatchEvent {
  readonly type: string;
  readonly object: KubeStatus & { readonly metadata?: Meta };
}

export interface MirrorChange<T> {
  /** `<namespace>/<name>`, or `<name>` where there are no namespaces. */
  readonly key: string;
  readonly item: T;
  readonly gone: boolean;
}

/**
 * The objects of one kind as the API server has them: listed once, then watched. What ends while nobody watches is seen by the list that follows:
 * an expired resource version (410) lists again.
 */
export class Mirror<T> {
  readonly items = new Map<string, T>();
  /** Hears every change; a change may be told that changes nothing. */
  readonly onChange = new Set<(change: MirrorChange<T>) => void>();
  /** Hears that `problem` or `listed` is another. */
  readonly onState = new Set<() => void>();
  /** Why it is not up to date; null = it is, as far as anybody can tell. */
  problem: ApiError | null = null;
  /** It was seen whole at least once. */
  listed = false;
  /** How often it was listed, and watched: for tests and metrics. */
  lists = 0;
  watches = 0;
  readonly #server: ApiServer;
  readonly #options: MirrorOptions<T>;
  readonly #closing = new AbortController();
  #version: string | null = null;

  constructor(server: ApiServer, options: MirrorOptions<T>) {
    this.#server = server;
    this.#options = options;
  }

  /** Begins, and goes on until `close`. */
  start(): void {
    void this.#run();
  }

  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let failures = 0;
    while (!signal.aborted) {
      try {
        if (this.#version === null) await this.#list();
        const began = performance.now();
        await this.#watch();
        // A server that ends every watch at once is asked more and more slowly.
        failures = performance.now() - began > 1_000 ? 0 : failures + 1;
      } catch (error) {
        if (signal.aborted) return;
        const problem = error instanceof ApiError ? error : new ApiError('network', false, (error as Error).message, { cause: error });
        if (problem.code === 'gone') this.#version = null;
        else this.#tell(problem);
        failures += 1;
        if (problem.retryAfter !== null) await sleep(Math.min(problem.retryAfter, BACKOFF.most), null, { signal }).catch(() => {});
      }
      if (failures > 0)
        await sleep(Math.random() * Math.min(BACKOFF.first * 2 ** failures, BACKOFF.most), null, { signal }).catch(() => {});
    }
  }

  async #list(): Promise<void> {
    const found = new Map<string, T>();
    let version: string | undefined;
    let next = '';
    do {
      const query = { ...this.#options.query, limit: String(PAGE), ...(next === '' ? {} : { continue: next }) };
      const page = await this.#server.read<{ metadata?: { resourceVersion?: string; continue?: string }; items?: { metadata?: Meta }[] }>(
        this.#options.path,
        query,
        this.#closing.signal,
      );
      for (const object of page.items ?? []) {
        if (found.size < this.#options.most) found.set(keyOf(object.metadata), this.#options.keep(object as never));
      }
      version = page.metadata?.resourceVersion;
      next = page.metadata?.continue ?? '';
    } while (next !== '');
    this.lists += 1;
    for (const [key, item] of this.items) {
      if (found.has(key)) continue;
      this.items.delete(key);
      this.#hear({ key, item, gone: true });
    }
    for (const [key, item] of found) {
      this.items.set(key, item);
      this.#hear({ key, item, gone: false });
    }
    this.#version = version ?? null;
    this.listed = true;
    this.#tell(null);
  }

  async #watch(): Promise<void> {
    const broken = new AbortController();
    const silence = this.#options.silence ?? SILENCE;
    const seconds = Math.round((WATCH_TIME / 1_000) * (0.8 + 0.4 * Math.random()));
    const query = {
      ...this.#options.query,
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#version!,
      timeoutSeconds: String(seconds),
    };
    const body = await this.#server.open(this.#options.path, query, AbortSignal.any([broken.signal, this.#closing.signal]));
    this.watches += 1;
    this.#tell(null);
    let timer = setTimeout(() => broken.abort(), silence);
    const restart = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => broken.abort(), silence);
    };
    try {
      for await (const line of readLines(body, restart)) this.#take(parse(line));
    } catch (error) {
      // A stream that breaks off goes on where it was: the version of its last event is known.
      if (!(error instanceof ApiError) || error.code !== 'network') throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #take({ type, object }: WatchEvent): void {
    if (type === 'ERROR') {
      const code = object.code === 410 || object.reason === 'Expired' ? 'gone' : 'unavailable';
      throw new ApiError(
        code,
        false,
        `the watch of ${this.#options.path} ended: ${object.message ?? object.reason ?? 'error'} [kube-${code}]`,
      );
    }
    this.#version = object.metadata?.resourceVersion ?? this.#version;
    if (type === 'BOOKMARK') return;
    const key = keyOf(object.metadata);
    const item = this.#options.keep(object as never);
    const gone = type === 'DELETED';
    if (gone) this.items.delete(key);
    else if (this.items.has(key) || this.items.size < this.#options.most) this.items.set(key, item);
    this.#hear({ key, item, gone });
  }

  #hear(change: MirrorChange<T>): void {
    for (const hear of this.onChange) hear(change);
  }

  #tell(problem: ApiError | null): void {
    this.problem = problem;
    for (const hear of this.onState) hear();
  }
}

function parse(line: string): WatchEvent {
  try {
    return JSON.parse(line) as WatchEvent;
  } catch (error) {
    throw new ApiError('network', false, `the watch sent what is no JSON`, { cause: error });
  }
}

const keyOf = (meta: Meta | undefined): string => (meta?.namespace === undefined ? (meta?.name ?? '') : `${meta.namespace}/${meta.name}`);
