import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/**
 * One connection that sends the same request again and again. Speaks just enough HTTP to know where an answer ends, so that the load
 * costs a fraction of what it measures; a client made for people would be the slowest part of the chain.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #request: Buffer;
  #resolve: (() => void) | null = null;
  #reject: ((error: Error) => void) | null = null;
  #missing = 0;
  #chunked = false;
  #inHead = true;
  #kept: Buffer | null = null;
  /** Sees every part of an answer as it arrives. */
  onPart: ((part: Buffer) => void) | null = null;

  private constructor(socket: Socket, request: Buffer) {
    this.#socket = socket;
    this.#request = request;
    socket.on('data', (part: Buffer) => this.#read(part));
    socket.on('error', (error) => this.#reject?.(error));
    socket.on('close', () => this.#reject?.(new Error('the connection was closed before the answer was complete')));
  }

  static async open(port: number, request: Buffer): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Connection(socket, request);
  }

  /** Sends the request; resolves with the last byte of its answer. @throws where the answer is not a 200. */
  ask(): Promise<void> {
    this.#inHead = true;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#socket.write(this.#request);
    });
  }

  close(): void {
    this.#reject = null;
    this.#socket.destroy();
  }

  #read(received: Buffer): void {
    this.onPart?.(received);
    let part = received;
    if (this.#inHead) {
      if (this.#kept) part = Buffer.concat([this.#kept, part]);
      const end = part.indexOf(HEAD_END);
      if (end === -1) {
        this.#kept = part;
        return;
      }
      this.#kept = null;
      this.#inHead = false;
      const head = part.toString('latin1', 0, end).toLowerCase();
      if (head.charCodeAt(9) !== 0x32) this.#reject?.(new Error(`answered ${part.toString('latin1', 0, 2_000)}`));
      const length = /content-length: (\d+)/.exec(head);
      this.#chunked = length === null;
      this.#missing = length === null ? 0 : Number(length[1]);
      part = part.subarray(end + 4);
    }
    this.#missing -= part.length;
    const done = this.#chunked ? part.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK) : this.#missing <= 0;
    if (!done) return;
    this.#reject = null;
    this.#resolve?.();
  }
}
