import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';

/** Answers every request with 200 until it is told to stop: then it takes no connection, and has room for one that waits. */
const PROGRAM = `
const server = require('node:http').createServer((request, response) => response.writeHead(200, { connection: 'close' }).end('{}'));
process.once('SIGUSR2', () => {
  require('node:fs').writeSync(1, 'silent');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => require('node:fs').writeSync(1, String(server.address().port)));`;

/** A server on loopback that looks healthy, and to which connecting then takes forever: no answer, not even a refusal. */
export class SilentServer {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #fillers: Socket[] = [];
  readonly #port: number;

  constructor(port: number, child: ChildProcess) {
    this.url = `http://127.0.0.1:${port}`;
    this.#port = port;
    this.#child = child;
  }

  static async start(): Promise<SilentServer> {
    const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
    return new SilentServer(Number(await hear(child)), child);
  }

  async silence(): Promise<void> {
    this.#child.kill('SIGUSR2');
    await hear(this.#child);
    for (let count = 0; count < 4; count++) this.#fillers.push(connect(this.#port, '127.0.0.1').on('error', () => {}));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }

  stop(): void {
    for (const socket of this.#fillers) socket.destroy();
    this.#child.kill('SIGKILL');
  }
}

function hear(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => child.stdout!.once('data', (text) => resolve(String(text))));
}
