import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Call, type Speech, tell, voiceOf } from '../upstreams/scripted-upstream.ts';
import { type Spoil, spoil } from '../upstreams/spoil.ts';
import { findPrompt, meaningOf } from './expected.ts';

/** What a server may do that is odd and no failure: it gives the whole answer. */
export const CALM = ['answer', 'trickle', 'split', 'crlf', 'unknown-events', 'repeated-start'] as const;
/** What a server may do instead of answering as it should. */
const WRONG = [
  'reset',
  'half-headers',
  'stall',
  'stall-mid',
  'truncate',
  'cut',
  'reset-after-done',
  'error-event',
  'error-first',
  'empty',
  'html',
  'compressed',
  'status-429',
  'status-500',
  'status-529',
] as const;
/** What breaks an answer that has begun: half of all failures, since there is most to be done about them. */
const MIDWAY = ['stall-mid', 'truncate', 'cut', 'error-event'] as const;
export const FAULTS = [...CALM, ...WRONG] as const;
export type ChaosFault = (typeof FAULTS)[number];

/** Speaks every provider's API, and fails in every way that a server can, at random but for its seed. */
export class ChaoticUpstream {
  /** Every request gets this while it is set. */
  storm: ChaosFault | null = null;
  /** Share of requests that fail without a storm. */
  share = 0.2;
  readonly counts = new Map<ChaosFault, number>();
  /** What was meant to be sent, by the gateway's id of the request; whoever looks takes it out. */
  readonly sent = new Map<string, Buffer>();
  readonly #random: () => number;
  #server: Server;
  #port = 0;

  constructor(random: () => number) {
    this.#random = random;
    this.#server = this.#create();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Refuses connections for a while, and breaks those that are open. */
  async refuse(ms: number): Promise<void> {
    await this.stop();
    await sleep(ms);
    this.#server = this.#create();
    await this.listen();
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #create(): Server {
    return createServer((request, response) => {
      response.on('error', () => {});
      void this.#serve(request, response).catch(() => response.destroy());
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const path = request.url ?? '';
    if (request.method === 'GET') return this.#list(path, response);
    const body = Buffer.concat(parts);
    const fault = this.#pick();
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
    await sleep(this.#random() * 40);
    await this.#answer(fault, { ...tell(path, body), path, headers: request.headers, body }, response);
  }

  #pick(): ChaosFault {
    if (this.storm) return this.storm;
    if (this.#random() >= this.share) return this.#random() < 0.7 ? 'answer' : pickFrom(CALM, this.#random());
    return this.pickWrong();
  }

  pickWrong(): ChaosFault {
    return pickFrom(this.#random() < 0.5 ? MIDWAY : WRONG, this.#random());
  }

  /** Models come and go, and the list is now and then an error or no list. */
  #list(path: string, response: ServerResponse): void {
    const dice = this.#random();
    if (this.share > 0 && dice < 0.05) return void response.writeHead(500).end('broken');
    if (this.share > 0 && dice < 0.1) return void response.writeHead(200).end('{"models":[{"na');
    const some = ['m', 'other', `new-${Math.floor(dice * 1e6)}`].filter(() => this.share === 0 || this.#random() < 0.7);
    const lists =
      path.startsWith('/api/') || path.startsWith('/v1beta/')
        ? { models: some.map((name) => ({ name: path.startsWith('/api/') ? name : `models/${name}` })) }
        : { object: 'list', data: some.map((id) => ({ id })) };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(lists));
  }

  async #answer(fault: ChaosFault, call: Call, response: ServerResponse): Promise<void> {
    if (await failEarly(fault, call.speech, response)) return;
    const { stream } = call;
    const { headers, pieces } = spoil(call, meaningOf(findPrompt(call.body.toString())), SPOILS[fault] ?? 'none');
    const all = [...pieces];
    const bytes = Buffer.concat(all);
    this.sent.set(String(call.headers['x-request-id']), bytes);
    const length = stream ? {} : { 'content-length': String(bytes.length) };
    response.writeHead(200, { ...headers, ...length });
    // Where a stream breaks: behind its first event at the earliest, before its end at the latest.
    const upTo = 1 + Math.floor(this.#random() * (all.length - 3));
    const begun = stream ? Buffer.concat(all.slice(0, upTo)) : bytes.subarray(0, 15);
    switch (fault) {
      case 'trickle':
        for (const piece of cut(bytes, Math.ceil(bytes.length / 20))) {
          response.write(piece);
          await sleep(20);
        }
        response.end();
        return;
      case 'stall-mid':
        response.write(begun);
        return;
      case 'truncate':
        if (stream) response.end(begun);
        else response.write(begun, () => response.socket?.destroy());
        return;
      case 'error-event':
        if (stream) response.end(Buffer.concat([begun, lateError(call.speech)]));
        else response.end(bytes);
        return;
      case 'cut':
        response.write(stream ? Buffer.concat([begun, all[upTo].subarray(0, all[upTo].length / 2)]) : begun);
        await sleep(10);
        response.socket?.resetAndDestroy();
        return;
      case 'reset-after-done':
        response.write(bytes);
        await sleep(10);
        response.socket?.resetAndDestroy();
        return;
      default:
        for (const piece of all) {
          response.write(piece);
          if (fault === 'answer' && this.#random() < 0.5) await sleep(this.#random() * 60);
        }
        response.end();
    }
  }
}

const SPOILS: Readonly<Partial<Record<ChaosFault, Spoil>>> = {
  split: 'split',
  crlf: 'crlf',
  'unknown-events': 'unknown-events',
  'repeated-start': 'repeated-start',
  'error-first': 'late-error-first',
  html: 'html',
  compressed: 'compressed',
};

function lateError(speech: Speech): Buffer {
  const { pieces } = spoil({ speech, stream: true, path: '', headers: {}, body: Buffer.alloc(0) }, { text: 'x' }, 'late-error-first');
  return Buffer.concat([...pieces]);
}

/** True where that was all. */
async function failEarly(fault: ChaosFault, speech: Speech, response: ServerResponse): Promise<boolean> {
  switch (fault) {
    case 'reset':
      response.socket?.resetAndDestroy();
      return true;
    case 'half-headers':
      response.socket?.write('HTTP/1.1 200 OK\r\ncontent-ty');
      await sleep(10);
      response.socket?.destroy();
      return true;
    case 'stall':
      return true;
    case 'empty':
      response.writeHead(200, { 'content-type': 'application/json' }).end();
      return true;
    case 'status-429':
    case 'status-500':
    case 'status-529': {
      const status = Number(fault.slice(7));
      response.writeHead(status, { 'content-type': 'application/json', ...(status === 429 ? { 'retry-after': '1' } : {}) });
      response.end(voiceOf(speech).sayError(status, `made up ${status}`));
      return true;
    }
    default:
      return false;
  }
}

function pickFrom<Item>(list: readonly Item[], random: number): Item {
  return list[Math.floor(random * list.length)];
}

function cut(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
