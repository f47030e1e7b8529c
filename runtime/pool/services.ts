import { type Dispatcher, Pool as Connections, request } from 'undici';
import type { Service } from './agent-message.ts';
import { ServiceError } from './service-error.ts';

export interface ServicesOptions {
  /** The server that the agents live in; null until it listens. */
  url(): string | null;
  /** A key of the policy, which agents never see; null = none is needed, or none is there. */
  readonly key: string | null;
  /** The model of questions that name none. */
  defaultModel(): string | null;
  /** Null = there is no discovery service. */
  readonly discovery: string | null;
}

/** Characters of an answer that are read. */
const LONGEST = 8 << 20;
/** Connections to the server itself: as many as agents at most ask at once. */
const CONNECTIONS = 32;

/** What agents may ask for. All of it is HTTP, to this server too: a task's question passes the same gate as everybody's. */
export class Services {
  readonly #options: ServicesOptions;
  #connections: { readonly url: string; readonly pool: Connections } | null = null;

  constructor(options: ServicesOptions) {
    this.#options = options;
  }

  async call(service: Service, body: unknown, trace: string, signal: AbortSignal): Promise<unknown> {
    const asked = (body ?? {}) as Record<string, unknown>;
    switch (service) {
      case 'chat':
        return this.#ask('POST', '/v1/chat/completions', this.#withModel(asked), trace, signal);
      case 'embed':
        return this.#ask('POST', '/v1/embeddings', this.#withModel(asked), trace, signal);
      case 'search': {
        const { query, ...rest } = asked;
        const search = new URLSearchParams({ q: String(query) });
        for (const [name, value] of Object.entries(rest)) if (value !== undefined) search.set(name, String(value));
        return this.#ask('GET', `/v1/context/search?${search}`, null, trace, signal);
      }
      case 'ingest':
        return this.#ask('POST', '/v1/context/ingest', asked, trace, signal);
      case 'health':
        return this.#ask('GET', '/health/ready', null, trace, signal);
      case 'discovery': {
        const { discovery } = this.#options;
        if (discovery === null)
          throw new ServiceError(404, 'there is no discovery service [no-discovery] help: name one with `--discovery-url`');
        return send(`${discovery.replace(/\/$/, '')}/tasks`, {
          method: 'POST',
          headers: headersOf(trace, null),
          body: JSON.stringify(asked),
          signal,
        });
      }
    }
  }

  async close(): Promise<void> {
    await this.#connections?.pool.destroy();
  }

  #withModel(body: Record<string, unknown>): Record<string, unknown> {
    if (body.model !== undefined) return body;
    const model = this.#options.defaultModel();
    if (model === null)
      throw new ServiceError(400, 'the task names no model, and the policy has none [no-model] help: set `payload.model`');
    return { ...body, model };
  }

  #ask(method: 'GET' | 'POST', path: string, body: unknown, trace: string, signal: AbortSignal): Promise<unknown> {
    const url = this.#options.url();
    if (url === null) throw new ServiceError(0, 'the server does not listen yet');
    if (this.#connections?.url !== url) {
      void this.#connections?.pool.close();
      this.#connections = { url, pool: new Connections(url, { connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 }) };
    }
    const options = { method, headers: headersOf(trace, this.#options.key), signal, dispatcher: this.#connections.pool };
    return send(url + path, body === null ? options : { ...options, body: JSON.stringify(body) });
  }
}

function headersOf(trace: string, key: string | null): Record<string, string> {
  return {
    'content-type': 'application/json',
    traceparent: `00-${trace}-${trace.slice(0, 16)}-01`,
    ...(key === null ? {} : { authorization: `Bearer ${key}` }),
  };
}

async function send(
  url: string,
  options: { method: 'GET' | 'POST'; headers: Record<string, string>; body?: string; signal: AbortSignal; dispatcher?: Dispatcher },
): Promise<unknown> {
  const { pathname } = new URL(url);
  let answer: Dispatcher.ResponseData;
  try {
    answer = await request(url, options);
  } catch (cause) {
    throw new ServiceError(0, `${pathname} did not answer: ${(cause as Error).message}`);
  }
  const text = await readText(answer.body, pathname);
  // A redirect is not followed: what it leads to was named by nobody.
  if (answer.statusCode < 200 || answer.statusCode >= 300)
    throw new ServiceError(answer.statusCode, `${pathname} answered ${answer.statusCode}: ${text.slice(0, 500)}`);
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    throw new ServiceError(answer.statusCode, `${pathname} answered no JSON`);
  }
}

async function readText(body: Dispatcher.ResponseData['body'], pathname: string): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LONGEST) throw new ServiceError(0, `${pathname} answered with more than ${LONGEST} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
