import type { CoreV1Api, HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { Agent, type Dispatcher } from 'undici';
import { type ApiError, type ApiRequest, credentialsError, networkError, readApiError } from './api-error.ts';
import { describeRequest } from './describe-request.ts';

type Client = typeof import('@kubernetes/client-node');

/** Ms that an answer, and each part of it, may take. */
const ANSWER_TIME = 15_000;
/** Ms that a connection may take to be there. */
const CONNECT_TIME = 5_000;
/** Ms after which credentials are read again: tokens in files and of plugins change, and so do certificates. */
const CREDENTIALS_TIME = 60_000;
/** Ms that connections stay usable after others took their place. */
const RETIRE_TIME = 5_000;
/** Most bytes of an answer that is kept whole. */
const MOST_BYTES = 64 * 1024 * 1024;

interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

/**
 * One API server over one set of connections. `KubeConfig` says where it is and who we are; what it makes anew for every request, a pool of
 * connections with it, is made once a minute here. Every failure is an `ApiError`.
 */
export class ApiServer {
  /** Verbs for single objects, typed. Lists, watches and logs are read by `read` and `open`: as long as they are, they need no copies. */
  readonly core: CoreV1Api;
  readonly #client: Client;
  #kube: KubeConfig;
  readonly #reload: () => KubeConfig;
  readonly #server: string;
  readonly #cluster: string;
  readonly #closing = new AbortController();
  #credentials: Promise<Credentials> | null = null;
  #credentialsSince = 0;
  readonly #dispatchers = new Set<Dispatcher>();
  readonly #retired = new WeakSet<Dispatcher>();

  /** `reload` reads the configuration again: tokens in it are renewed by whoever wrote it. */
  constructor(client: Client, kube: KubeConfig, reload: () => KubeConfig) {
    this.#client = client;
    this.#kube = kube;
    this.#reload = reload;
    this.#server = kube.getCurrentCluster()!.server;
    this.#cluster = kube.getCurrentContext();
    const httpApi = client.wrapHttpLibrary({ send: (request) => this.#sendTyped(request) });
    this.core = new client.CoreV1Api(client.createConfiguration({ baseServer: new client.ServerConfiguration(this.#server, {}), httpApi }));
  }

  /** The object at `path`. */
  async read<T>(path: string, query: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<T> {
    const { text, what } = await this.#whole('GET', this.#locate(path, query), null, signal);
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw networkError(what, error);
    }
  }

  /** Changes some fields of the object at `path`: a JSON merge patch. */
  async patch(path: string, body: unknown): Promise<void> {
    await this.#whole('PATCH', this.#locate(path, {}), JSON.stringify(body));
  }

  /** An answer that goes on: the caller reads it at its own pace. */
  async open(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    const url = this.#locate(path, query);
    const { body } = await this.#send('GET', url, null, 0, AbortSignal.any([signal, this.#closing.signal]));
    const what = describeRequest('GET', url, this.#cluster);
    return (async function* () {
      try {
        yield* body as AsyncIterable<Buffer>;
      } catch (error) {
        throw networkError(what, error);
      }
    })();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#dispatchers].map((dispatcher) => dispatcher.destroy().catch(() => {})));
  }

  #locate(path: string, query: Readonly<Record<string, string>>): URL {
    const url = new URL(this.#server + path);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    return url;
  }

  async #sendTyped(request: RequestContext) {
    const body = request.getBody();
    const { text, status, headers } = await this.#whole(
      request.getHttpMethod(),
      new URL(request.getUrl()),
      typeof body === 'string' ? body : null,
    );
    return new this.#client.ResponseContext(status, headers, {
      text: async () => text,
      binary: async () => Buffer.from(text),
      stream: () => null,
    });
  }

  async #whole(method: string, url: URL, body: string | null, signal?: AbortSignal) {
    const what = describeRequest(method, url, this.#cluster);
    const ends = [this.#closing.signal, AbortSignal.timeout(2 * ANSWER_TIME), ...(signal === undefined ? [] : [signal])];
    const answer = await this.#send(method, url, body, ANSWER_TIME, AbortSignal.any(ends));
    try {
      const text = await readText(answer.body);
      const type = answer.headers['content-type'];
      return { text, what, status: answer.statusCode, headers: { 'content-type': String(type ?? 'application/json') } };
    } catch (error) {
      throw networkError(what, error);
    }
  }

  /** @throws ApiError also for what is answered with 400 or more. */
  async #send(method: string, url: URL, body: string | null, bodyTimeout: number, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const what = describeRequest(method, url, this.#cluster);
    try {
      return await this.#sendOnce(what, method, url, body, bodyTimeout, signal);
    } catch (error) {
      if ((error as ApiError).status !== 401) throw error;
      this.#renew();
      return this.#sendOnce(what, method, url, body, bodyTimeout, signal);
    }
  }

  /** The token may have been renewed where it comes from: once, it is fetched again. */
  #renew(): void {
    this.#credentials = null;
    try {
      this.#kube = this.#reload();
    } catch {
      // Somebody writes it just now; what was read before stands.
    }
  }

  async #sendOnce(what: ApiRequest, method: string, url: URL, body: string | null, bodyTimeout: number, signal: AbortSignal) {
    let answer: Dispatcher.ResponseData;
    const { headers, dispatcher } = await this.#authenticate(url).catch((error: unknown) => {
      throw credentialsError(what, error);
    });
    try {
      answer = await dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: method as Dispatcher.HttpMethod,
        headers: {
          accept: 'application/json',
          'user-agent': 'policyd',
          ...(body === null ? {} : { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' }),
          ...headers,
        },
        body,
        headersTimeout: ANSWER_TIME,
        bodyTimeout,
        signal,
      });
      if (answer.statusCode < 400) return answer;
    } catch (error) {
      throw networkError(what, error);
    }
    const text = await readText(answer.body).catch(() => '');
    const retryAfter = answer.headers['retry-after'];
    throw readApiError(what, answer.statusCode, typeof retryAfter === 'string' ? retryAfter : null, text);
  }

  /** Who asks at the same time gets the same. */
  #authenticate(url: URL): Promise<Credentials> {
    const now = performance.now();
    if (this.#credentials === null || now - this.#credentialsSince >= CREDENTIALS_TIME) {
      this.#credentialsSince = now;
      const read = this.#readCredentials(url);
      this.#credentials = read;
      read.catch(() => {
        if (this.#credentials === read) this.#credentials = null;
      });
    }
    return this.#credentials;
  }

  async #readCredentials(url: URL): Promise<Credentials> {
    const context = new this.#client.RequestContext(url.origin, 'GET' as HttpMethod);
    await this.#kube.applySecurityAuthentication(context);
    const dispatcher = context.getDispatcher() ?? new Agent({ connect: { timeout: CONNECT_TIME, keepAlive: true } });
    for (const old of this.#dispatchers) this.#retire(old);
    this.#dispatchers.add(dispatcher);
    return { headers: context.getHeaders(), dispatcher };
  }

  /** Connections of credentials before: who took them a moment ago sends its request yet, and watches and logs go on to their end. */
  #retire(old: Dispatcher): void {
    if (this.#retired.has(old)) return;
    this.#retired.add(old);
    setTimeout(() => {
      old
        .close()
        .catch(() => {})
        .finally(() => this.#dispatchers.delete(old));
    }, RETIRE_TIME).unref();
  }
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`an answer of more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
