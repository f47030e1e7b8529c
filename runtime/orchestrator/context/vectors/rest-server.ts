import { Agent, type Dispatcher } from 'undici';
import { VectorError } from './vector-error.ts';

/** Longest wait for an answer, in ms, and most of it that is read, in bytes. */
const PATIENCE = 10_000;
const LONGEST = 32 << 20;
const CONNECTIONS = 8;

export interface RestAnswer {
  readonly status: number;
  /** Null: it had no body, or none that is JSON. */
  readonly body: unknown;
}

/** A server that is spoken to in JSON over HTTP. Its key goes into a header and nowhere else. */
export class RestServer {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent = new Agent({
    connections: CONNECTIONS,
    headersTimeout: PATIENCE,
    bodyTimeout: PATIENCE,
    connect: { timeout: PATIENCE },
  });

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.url = url.replace(/\/+$/, '');
    this.#headers = { accept: 'application/json', ...headers };
  }

  /** @throws VectorError `unreachable` where nobody answers in time. Whatever the status is, it is an answer. */
  async ask(method: Dispatcher.HttpMethod, path: string, body?: unknown): Promise<RestAnswer> {
    const { origin, pathname } = new URL(this.url);
    try {
      const answer = await this.#agent.request({
        origin,
        path: `${pathname === '/' ? '' : pathname}${path}`,
        method,
        headers: { ...this.#headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(PATIENCE),
      });
      return { status: answer.statusCode, body: parse(await readText(answer.body)) };
    } catch (cause) {
      if (cause instanceof VectorError) throw cause;
      throw new VectorError('unreachable', `${this.url} did not answer: ${(cause as Error).message}`, { cause });
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LONGEST) throw new VectorError('refused', `an answer of more than ${LONGEST} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What a server said of a failure, for people: shortened, on one line. */
export function toRefusal(url: string, message: unknown, status?: number): VectorError {
  const said = (typeof message === 'string' ? message : (JSON.stringify(message) ?? 'nothing')).replace(/\s+/g, ' ').slice(0, 500);
  const code = /dimension|vector length|lengths? (don't|do not) match|vector size|divide the dim/i.test(said) ? 'dimensions' : 'refused';
  return new VectorError(code, `${url} refused${status === undefined ? '' : ` with ${status}`}: ${said}`);
}
