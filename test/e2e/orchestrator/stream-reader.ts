import WebSocket from 'ws';
import { until } from '../policyd.ts';

export interface Frame {
  readonly type: string;
  readonly ts: number;
  readonly seq?: number;
  readonly stream?: string;
  readonly payload: unknown;
}

/** A client of a stream that keeps what it hears. */
export class Reader {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}, protocols: string[] = []) {
    this.socket = new WebSocket(url.replace(/^http/, 'ws'), protocols, { headers });
    this.socket.on('message', (data) => this.frames.push(JSON.parse(String(data)) as Frame));
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })));
  }

  /** Rejects with the answer where it is refused. */
  static async open(url: string, headers?: Readonly<Record<string, string>>, protocols?: string[]): Promise<Reader> {
    const reader = new Reader(url, headers, protocols);
    await new Promise<void>((resolve, reject) => {
      reader.socket.on('open', () => resolve());
      reader.socket.on('error', reject);
    });
    return reader;
  }

  /** The answer to a request for an upgrade that is refused. */
  static async refused(
    url: string,
    headers?: Readonly<Record<string, string>>,
    protocols?: string[],
  ): Promise<{ status: number; body: { error: { code: string; message: string } }; headers: Record<string, unknown> }> {
    const { socket } = new Reader(url, headers, protocols);
    return new Promise((resolve, reject) => {
      socket.on('open', () => reject(new Error('it was let in')));
      socket.on('unexpected-response', (_request, answer) => {
        let text = '';
        answer.on('data', (part: Buffer) => {
          text += part.toString();
        });
        answer.on('end', () => resolve({ status: answer.statusCode!, body: JSON.parse(text), headers: answer.headers }));
        answer.on('error', reject);
      });
    });
  }

  get seqs(): number[] {
    return this.frames.flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
  }

  /** Payloads of what is remembered. */
  get payloads(): unknown[] {
    return this.frames.filter(({ seq }) => seq !== undefined).map(({ payload }) => payload);
  }

  until(look: () => unknown, ms?: number): Promise<unknown> {
    return until(look, 'frames', ms);
  }
}
