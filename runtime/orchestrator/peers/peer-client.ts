import { Pool } from 'undici';
import { Check } from 'typebox/value';
import type { TSchema, Static } from 'typebox';

/** Most bytes of an answer. */
const LONGEST = 8 << 20;
const CONNECTIONS = 16;
const CONNECT = 3_000;

/** An answer that is no success. */
export class PeerRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly reasons: readonly Readonly<Record<string, unknown>>[];

  constructor(status: number, code: string, message: string, reasons: readonly Readonly<Record<string, unknown>>[]) {
    super(message);
    this.name = 'PeerRefusal';
    this.status = status;
    this.code = code;
    this.reasons = reasons;
  }
}

export interface Asked<Shape extends TSchema> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** What a good answer must be. */
  readonly shape: Shape;
  /** Ms for all of it. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  readonly trace?: string | null;
}

/** Speaks to one peer. No redirect is followed, every answer is bounded in time and size, and judged by its shape. */
export class PeerClient {
  readonly url: string;
  readonly #key: string | null;
  readonly #pool: Pool;

  constructor(url: string, key: string | null) {
    this.url = url;
    this.#key = key;
    this.#pool = new Pool(url, { connections: CONNECTIONS, connect: { timeout: CONNECT }, maxResponseSize: LONGEST, pipelining: 1 });
  }

  /** @throws PeerRefusal where it answers that it does not; every other error where nobody can tell whether it heard. */
  async ask<Shape extends TSchema>({ method, path, body, shape, timeout, signal, trace }: Asked<Shape>): Promise<Static<Shape>> {
    const limit = AbortSignal.timeout(timeout);
    const answer = await this.#pool.request({
      method,
      path,
      headers: this.#headers(trace ?? null),
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw readRefusal(answer.statusCode, parse(this.#hide(text)));
    const said = parse(text);
    if (!Check(shape, said)) throw new Error(`${path.split('?')[0]} answered something else than a peer does`);
    return said as Static<Shape>;
  }

  /** A piece of output from byte `from` on. `end`: there is no more, and will not be. */
  async readLog(path: string, timeout: number, signal: AbortSignal): Promise<{ readonly bytes: Buffer; readonly end: boolean }> {
    const answer = await this.#pool.request({
      method: 'GET',
      path,
      headers: this.#headers(null),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    if (answer.statusCode !== 200) throw readRefusal(answer.statusCode, parse(this.#hide(bytes.toString('utf8'))));
    return { bytes, end: answer.headers['x-policyd-log-end'] === 'true' };
  }

  /** What a peer says of a refusal is told on, and it may repeat what it was shown. */
  #hide(text: string): string {
    return this.#key === null ? text : text.replaceAll(this.#key, '[redacted]');
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #headers(trace: string | null): Record<string, string> {
    return {
      'content-type': 'application/json',
      ...(trace === null ? {} : { traceparent: `00-${trace}-${trace.slice(0, 16)}-01` }),
      ...(this.#key === null ? {} : { authorization: `Bearer ${this.#key}` }),
    };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function readRefusal(status: number, said: unknown): PeerRefusal {
  const { error, reasons } = (said ?? {}) as { error?: { message?: unknown; code?: unknown }; reasons?: unknown };
  const message = typeof error?.message === 'string' ? error.message : `it answered ${status}`;
  const code = typeof error?.code === 'string' ? error.code : `status_${status}`;
  return new PeerRefusal(status, code.slice(0, 64), message.slice(0, 1_024), Array.isArray(reasons) ? reasons.slice(0, 64) : []);
}
