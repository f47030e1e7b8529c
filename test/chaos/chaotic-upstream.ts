import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expectEvents, expectPlain } from './expected.ts';

/** What a server may do instead of answering as it should; `answer` and `trickle` give the whole answer. */
export const FAULTS = [
  'answer',
  'trickle',
  'reset',
  'half-headers',
  'stall',
  'stall-mid',
  'truncate',
  'cut',
  'reset-after-done',
  'error-event',
  'empty',
  'status-429',
  'status-500',
  'status-529',
] as const;
export type ChaosFault = (typeof FAULTS)[number];

/** Speaks OpenAI's API, and Ollama's lists, and fails in every way that a server can, at random but for its seed. */
export class ChaoticUpstream {
  /** Every request gets this while it is set. */
  storm: ChaosFault | null = null;
  /** Share of requests that fail without a storm. */
  share = 0.2;
  readonly counts = new Map<ChaosFault, number>();
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
    if (request.method === 'GET') return this.#list(request.url ?? '', response);
    const { stream, messages } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { stream?: boolean; messages: { content: string }[] };
    const fault = this.#pick();
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
    await sleep(this.#random() * 40);
    await (stream ? this.#stream(fault, messages[0].content, response) : this.#plain(fault, messages[0].content, response));
  }

  #pick(): ChaosFault {
    if (this.storm) return this.storm;
    if (this.#random() >= this.share) return this.#random() < 0.1 ? 'trickle' : 'answer';
    return FAULTS[2 + Math.floor(this.#random() * (FAULTS.length - 2))];
  }

  /** Models come and go, and the list is now and then an error or no list. */
  #list(path: string, response: ServerResponse): void {
    const dice = this.#random();
    if (this.share > 0 && dice < 0.05) return void response.writeHead(500).end('broken');
    if (this.share > 0 && dice < 0.1) return void response.writeHead(200).end('{"models":[{"na');
    const some = ['m', 'other', `new-${Math.floor(dice * 1e6)}`].filter(() => this.share === 0 || this.#random() < 0.7);
    const ollama = path.startsWith('/api/');
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(ollama ? { models: some.map((name) => ({ name })) } : { object: 'list', data: some.map((id) => ({ id })) }),
    );
  }

  async #stream(fault: ChaosFault, prompt: string, response: ServerResponse): Promise<void> {
    if (await this.#failEarly(fault, 'text/event-stream', response)) return;
    const events = expectEvents(prompt);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    const upTo = 1 + Math.floor(this.#random() * (events.length - 3));
    switch (fault) {
      case 'trickle': {
        const text = Buffer.from(events.join(''));
        const step = Math.ceil(text.length / 20);
        for (let at = 0; at < text.length; at += step) {
          response.write(text.subarray(at, at + step));
          await sleep(20);
        }
        response.end();
        return;
      }
      case 'stall-mid':
        response.write(events.slice(0, upTo).join(''));
        return;
      case 'truncate':
        response.end(events.slice(0, upTo).join(''));
        return;
      case 'error-event':
        response.end(
          `${events.slice(0, upTo).join('')}data: {"error":{"message":"made up","type":"server_error","param":null,"code":null}}\n\n`,
        );
        return;
      case 'cut':
        response.write(events.slice(0, upTo).join('') + events[upTo].slice(0, 20));
        await sleep(10);
        response.socket?.resetAndDestroy();
        return;
      case 'reset-after-done':
        response.write(events.join(''));
        await sleep(10);
        response.socket?.resetAndDestroy();
        return;
      default:
        for (const event of events) {
          response.write(event);
          if (this.#random() < 0.5) await sleep(this.#random() * 60);
        }
        response.end();
    }
  }

  async #plain(fault: ChaosFault, prompt: string, response: ServerResponse): Promise<void> {
    if (await this.#failEarly(fault, 'application/json', response)) return;
    const text = Buffer.from(expectPlain(prompt));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
    if (fault === 'answer' || fault === 'error-event' || fault === 'reset-after-done') return void response.end(text);
    if (fault === 'trickle') {
      for (const byte of [text.subarray(0, 10), text.subarray(10, 20), text.subarray(20)]) {
        response.write(byte);
        await sleep(20);
      }
      return void response.end();
    }
    response.write(text.subarray(0, 15));
    if (fault === 'stall-mid') return;
    await sleep(10);
    response.socket?.resetAndDestroy();
  }

  /** True where that was all. */
  async #failEarly(fault: ChaosFault, type: string, response: ServerResponse): Promise<boolean> {
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
        response.writeHead(200, { 'content-type': type }).end();
        return true;
      case 'status-429':
      case 'status-500':
      case 'status-529': {
        const status = Number(fault.slice(7));
        response.writeHead(status, { 'content-type': 'application/json', ...(status === 429 ? { 'retry-after': '1' } : {}) });
        response.end(JSON.stringify({ error: { message: `made up ${status}`, type: 'test', param: null, code: null } }));
        return true;
      }
      default:
        return false;
    }
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
