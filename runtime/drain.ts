import type { FastifyInstance } from 'fastify';
import type { Gateway } from './gateway/gateway.ts';

/** How often connections are looked at that have nothing to do, in ms. */
const LOOK = 50;

/** Takes no new connections; those with a request in flight end with its answer. */
export async function drain(app: FastifyInstance, gateway: Gateway): Promise<void> {
  gateway.draining = true;
  // A stream that began before the end was near kept its connection alive: it is idle once the stream is over.
  const idle = setInterval(() => app.server.closeIdleConnections(), LOOK);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
  }
}
