import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Gateway } from './gateway/gateway.ts';

/** How often connections are looked at that have nothing to do, in ms. */
const LOOK = 50;
/** How long a connection may be open before its first byte, once the server goes down, in ms. */
const SILENCE = 500;

/** Keeps count of the connections of a server that is not yet listening, for `drain`. */
export function trackConnections(app: FastifyInstance): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

/** Takes no new connections; those with a request in flight end with its answer. */
export async function drain(app: FastifyInstance, gateway: Gateway, sockets: ReadonlySet<Socket>): Promise<void> {
  gateway.draining = true;
  const begun = performance.now();
  // A stream that began before the end was near kept its connection alive: it is idle once the stream is over. One that was opened in
  // advance and never used counts as busy to Node until its headers are overdue.
  const idle = setInterval(() => {
    app.server.closeIdleConnections();
    if (performance.now() - begun < SILENCE) return;
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }, LOOK);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
  }
}
