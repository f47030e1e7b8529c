import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface JsonRequest {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: what it is, the servers find out.
  readonly body: any;
}

export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A server that answers JSON with JSON, and fails on demand. */
export class JsonServer {
  readonly received: JsonRequest[] = [];
  /** What is answered in place of the real answer; null = nothing is wrong. */
  fault: ((request: JsonRequest) => JsonAnswer | 'reset' | null) | null = null;
  readonly #server: Server;
  readonly #answer: (request: JsonRequest) => JsonAnswer;

  constructor(answer: (request: JsonRequest) => JsonAnswer) {
    this.#answer = answer;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString('utf8');
    const path = (request.url ?? '').split('?')[0];
    const received = { method: request.method ?? '', path, headers: request.headers, body: text === '' ? null : JSON.parse(text) };
    this.received.push(received);
    const answer = this.fault?.(received) ?? this.#answer(received);
    if (answer === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    const body = answer.body === null ? '' : JSON.stringify(answer.body);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(body);
  }
}
