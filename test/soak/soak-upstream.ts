import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Script, say, tell } from '../upstreams/scripted-upstream.ts';
import { type Spoil, spoil } from '../upstreams/spoil.ts';
import type { Meaning } from '../upstreams/voices/voice.ts';

/** What a failing server does. None of it is an answer that looks right and is not. */
export const SOAK_FAULTS = [
  'status-500',
  'status-429',
  'status-529',
  'reset',
  'truncated',
  'cut',
  'late-error-first',
  'stall-mid',
  'stall',
] as const;

/** Between the pieces of a slow stream, ms. */
const GAP = 8;

/** What every server says to a prompt: no two requests are told the same. */
export function meaningOf(prompt: string): Meaning {
  return { text: `you said ${prompt} and «${prompt}» is what was heard 🌞 of ${prompt}` };
}

export function findPrompt(body: string): string {
  return /soak-\d+/.exec(body)?.[0] ?? 'nothing';
}

/** Speaks every provider's API, keeps nothing of what it is asked, and fails as it is told. */
export class SoakUpstream {
  /** Share of requests that fail. */
  share = 0;
  /** Every request gets this while it is set. */
  storm: Spoil | null = null;
  /** Requests for an answer that arrived. */
  calls = 0;
  faults = 0;
  readonly #models: readonly string[];
  readonly #random: () => number;
  readonly #server: Server;

  constructor(models: readonly string[], random: () => number) {
    this.#models = models;
    this.#random = random;
    this.#server = createServer((request, response) => {
      response.on('error', () => {});
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  static async start(models: readonly string[], random: () => number): Promise<SoakUpstream> {
    const upstream = new SoakUpstream(models, random);
    await new Promise<void>((resolve) => upstream.#server.listen(0, '127.0.0.1', resolve));
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const path = request.url ?? '';
    if (request.method === 'GET') return this.#list(path, response);
    this.calls++;
    const body = Buffer.concat(parts);
    const text = body.toString();
    const meaning = meaningOf(findPrompt(text));
    const { speech, stream } = tell(path, body);
    const fault = this.#pick();
    if (fault === null) {
      await perform(say(speech, stream, meaning), response, text.includes('slowly') ? GAP : 0);
      return;
    }
    this.faults++;
    await perform(spoil({ speech, stream, path, headers: request.headers, body }, meaning, fault), response, 0);
  }

  #pick(): Spoil | null {
    if (this.storm !== null) return this.storm;
    return this.#random() < this.share ? this.pickFault() : null;
  }

  pickFault(): Spoil {
    return SOAK_FAULTS[Math.floor(this.#random() * SOAK_FAULTS.length)]!;
  }

  #list(path: string, response: ServerResponse): void {
    const list =
      path.startsWith('/api/') || path.startsWith('/v1beta/')
        ? { models: this.#models.map((name) => ({ name: path.startsWith('/api/') ? name : `models/${name}` })) }
        : { object: 'list', data: this.#models.map((id) => ({ id })) };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(list));
  }
}

async function perform({ status, headers, pieces, end }: Script, response: ServerResponse, gap: number): Promise<void> {
  if (end === 'reset-first') {
    response.socket?.resetAndDestroy();
    return;
  }
  response.writeHead(status, headers);
  for (const piece of pieces) {
    if (response.destroyed) return;
    response.write(piece);
    if (gap > 0) await sleep(gap);
  }
  if (end === 'end') response.end();
  else if (end === 'reset') {
    // What was written has to leave before the connection breaks.
    await sleep(20);
    response.socket?.resetAndDestroy();
  }
}
