import { connect } from 'node:net';
import type { Policyd } from '../policyd.ts';

/** What came back on a connection. */
export interface RawAnswer {
  /** Of the first answer; 0 = the connection was closed without one. */
  readonly status: number;
  /** Everything, byte for byte as latin1. */
  readonly text: string;
}

/** Sends bytes as they are, which no client of HTTP would, and reads until the first answer is there and `ms` are over, or the connection ends. */
export function askRaw(policyd: Policyd, bytes: string | Buffer, { ms = 20_000, half = true } = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(policyd.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    };
    const timer = setTimeout(done, ms);
    socket.on('data', (part) => {
      text += part.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, Math.max(end, 0)))?.[1];
      if (end >= 0 && (length !== undefined ? text.length >= end + 4 + Number(length) : text.endsWith('0\r\n\r\n'))) done();
    });
    socket.on('error', done);
    socket.on('close', done);
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    if (!half) socket.end();
  });
}
