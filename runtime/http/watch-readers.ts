import type { Socket } from 'node:net';

/** How often connections are looked at, in ms. */
const LOOK = 1_000;

interface Stall {
  /** Bytes that the system had taken when it was first seen like this. */
  readonly taken: number;
  readonly since: number;
}

/**
 * Closes connections whose callers stopped reading: what waits for them has not become less for `patience` ms. The stream behind such
 * a connection ends with it. One look at all of them a second costs a request nothing.
 *
 * @returns the way to stop.
 */
export function watchReaders(sockets: ReadonlySet<Socket>, patience: number, onClose: () => void): () => void {
  const stalls = new WeakMap<Socket, Stall>();
  const look = (): void => {
    const now = performance.now();
    for (const socket of sockets) {
      if (socket.writableLength === 0) {
        stalls.delete(socket);
        continue;
      }
      const taken = socket.bytesWritten - socket.writableLength;
      const stall = stalls.get(socket);
      if (stall?.taken !== taken) stalls.set(socket, { taken, since: now });
      else if (now - stall.since >= patience) {
        onClose();
        socket.destroy();
      }
    }
  };
  const timer = setInterval(look, Math.min(LOOK, patience));
  timer.unref();
  return () => clearInterval(timer);
}
