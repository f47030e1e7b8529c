/**
 * The rival: the least that a proxy on node:http and undici can do. It holds the body, dispatches it to the one backend and writes what
 * comes back; it reads nothing, decides nothing, counts nothing, and knows no timeout of its own. Prints its port.
 * Run: node bare-proxy.ts <origin of the backend>
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Dispatcher, Pool } from 'undici';

const pool = new Pool(process.argv[2], { connections: 64, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
const HEADERS = ['content-type', 'application/json'];

class Answer implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  #length = -1;
  #begun = false;
  #ended = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(): void {}

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    const length = headers['content-length'];
    const type = String(headers['content-type']);
    if (length !== undefined) this.#length = Number(length);
    this.#response.writeHead(
      status,
      length === undefined ? ['content-type', type] : ['content-type', type, 'content-length', String(length)],
    );
    this.#begun = true;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (chunk.length === this.#length) {
      this.#ended = true;
      this.#response.end(chunk);
    } else this.#response.write(chunk);
  }

  onResponseEnd(): void {
    if (!this.#ended) this.#response.end();
  }

  onResponseError(): void {
    if (this.#begun) this.#response.destroy();
    else this.#response.writeHead(502).end();
  }
}

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const body = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    pool.dispatch({ method: 'POST', path: request.url ?? '/', headers: HEADERS, body }, new Answer(response));
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
